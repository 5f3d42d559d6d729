// Adds the search, and opens the host that a link leads to. The page is complete without it.
(() => {
  const hosts = Array.from(document.querySelectorAll(".host"));
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const texts = [];
  document.querySelector(".search").hidden = false;
  const status = () => document.querySelector("input[name=status]:checked").value;
  const visible = () =>
    hosts.filter(
      (host) => !host.classList.contains("hide") && (status() === "all" || host.classList.contains(status())),
    );
  const update = () => {
    const wanted = search.value.trim().toLowerCase();
    hosts.forEach((host, index) => {
      texts[index] ??= wanted === "" ? undefined : host.textContent.toLowerCase();
      host.classList.toggle("hide", wanted !== "" && !texts[index].includes(wanted));
    });
    shown.textContent = visible().length + " of " + hosts.length + " hosts shown";
  };
  let timer;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(update, 150);
  });
  document
    .querySelectorAll("input[name=status]")
    .forEach((radio) => radio.addEventListener("change", update));
  document.getElementById("open").addEventListener("click", () =>
    visible()
      .slice(0, 500)
      .forEach((host) => {
        host.open = true;
      }),
  );
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
