/** The style and the script, which are the same for every report. */

/** Light or dark by the reader's setting. Text has a contrast of at least 4.5, and colour is never the only indication. */
export const pageStyle = `
:root{--back:#fff;--card:#f6f7f9;--ink:#1b1f24;--soft:#57606a;--rule:#d0d7de;--ok:#116329;--failed:#b3131b;--skipped:#7a4b00;--link:#0550ae;
--waited:#c8ccd1;--connected:#80a8d8;--warned:#e0b040;--logged:#2f7fd0;--verified:#2c974b;--total:#2f7fd0}
@media (prefers-color-scheme:dark){:root{--back:#0d1117;--card:#161b22;--ink:#e6edf3;--soft:#9aa5b1;--rule:#30363d;--ok:#4ac26b;--failed:#ff8182;
--skipped:#e3b341;--link:#6cb6ff;--waited:#484f58;--connected:#4d7ab0;--warned:#b08800;--logged:#4493f8;--verified:#3fb950;--total:#4493f8}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:75rem;background:var(--back);color:var(--ink);font:1rem/1.45 system-ui,sans-serif}
a{color:var(--link)}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem}
h1{font-size:1.4rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.2rem 0 .4rem}
time,.counts,.took,legend{color:var(--soft)}
.totals{display:grid;grid-template-columns:repeat(auto-fill,minmax(7.5rem,1fr));gap:.5rem;margin:0}
.totals div{background:var(--card);border:1px solid var(--rule);border-radius:.4rem;padding:.4rem .6rem;display:flex;flex-direction:column-reverse}
.totals dd{margin:0;font-size:1.5rem;font-weight:600}.totals dt{color:var(--soft);font-size:.85rem}
.totals .zero dd{color:var(--soft);font-weight:400}
input[type=radio]{position:absolute;opacity:0}
input[type=radio]+label{display:inline-block;padding:.45rem .8rem;margin:0 .3rem .3rem 0;border:1px solid var(--rule);border-radius:2rem;cursor:pointer}
input[type=radio]:checked+label{background:var(--ink);color:var(--back)}
input[type=radio]:focus-visible+label{outline:3px solid var(--link);outline-offset:2px}
fieldset{border:0;padding:0;margin:0 0 .5rem;min-width:0}legend{padding:0;margin-bottom:.2rem}
#search{font:inherit;padding:.4rem;min-width:12rem}button{font:inherit;padding:.4rem .7rem}
.host{border:1px solid var(--rule);border-left-width:.35rem;border-radius:.4rem;margin:.3rem 0;content-visibility:auto;contain-intrinsic-size:auto 2.9rem}
.host.ok{border-left-color:var(--ok)}.host.failed{border-left-color:var(--failed)}.host.skipped{border-left-color:var(--skipped)}
.host>*{margin:.4rem .7rem}
summary{display:flex;flex-wrap:wrap;gap:.1rem .7rem;align-items:center;cursor:pointer;padding:.3rem 0}
summary:focus-visible{outline:3px solid var(--link)}
.status{font-weight:600;min-width:4.2rem}.ok .status{color:var(--ok)}.failed .status{color:var(--failed)}.skipped .status{color:var(--skipped)}
.name{font-weight:600;overflow-wrap:anywhere}.error{flex-basis:100%;overflow-wrap:anywhere}
.line{position:relative;flex:1 1 8rem;height:.7rem;min-width:6rem;background:var(--card);border-radius:.2rem;overflow:hidden;margin-left:auto;max-width:18rem}
.line i{position:absolute;top:0;bottom:0;min-width:2px;background:var(--total)}
.line .waited{background:var(--waited)}.line .connected{background:var(--connected)}.line .warned{background:var(--warned)}
.line .logged-off{background:var(--logged)}.line .verified{background:var(--verified)}
.took{min-width:4.5rem;text-align:right;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-top:1px solid var(--rule);vertical-align:top}
tr.failed td:last-child,tr.still-present td:last-child{color:var(--failed);font-weight:600}
.commands{font-family:ui-monospace,monospace;font-size:.9rem;list-style:none;padding:0}
main:has(#only-failed:checked) .host:not(.failed),main:has(#only-skipped:checked) .host:not(.skipped),main:has(#only-ok:checked) .host:not(.ok),.host.hide{display:none}
@media (max-width:40rem){.line{max-width:none}.took{min-width:0}}
@media print{.search,fieldset,.skip{display:none}.host{content-visibility:visible}}
`;

/** Adds the search, and opens the host that a link leads to. The page is complete without it. */
export const pageScript = `
(() => {
  const hosts = Array.from(document.querySelectorAll(".host"));
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const texts = [];
  document.querySelector(".search").hidden = false;
  const status = () => document.querySelector("input[name=status]:checked").value;
  const visible = () => hosts.filter((host) => !host.classList.contains("hide") && (status() === "all" || host.classList.contains(status())));
  const update = () => {
    const wanted = search.value.trim().toLowerCase();
    hosts.forEach((host, index) => {
      texts[index] ??= wanted === "" ? undefined : host.textContent.toLowerCase();
      host.classList.toggle("hide", wanted !== "" && !texts[index].includes(wanted));
    });
    shown.textContent = visible().length + " of " + hosts.length + " hosts shown";
  };
  let timer;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(update, 150); });
  document.querySelectorAll("input[name=status]").forEach((radio) => radio.addEventListener("change", update));
  document.getElementById("open").addEventListener("click", () => visible().slice(0, 500).forEach((host) => { host.open = true; }));
  const follow = () => {
    const host = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!host || !host.classList.contains("host")) return;
    document.getElementById("only-all").checked = true;
    search.value = "";
    update();
    host.open = true;
    host.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  update();
  follow();
})();
`;
