/** Tables as people have published them, with other names of the same length. The trailing blanks were lost when they were copied. */
export interface Recorded {
  readonly from: string;
  readonly codePage: number;
  readonly qwinsta: readonly string[];
  /** Absent: nobody published it; the host may have had the right to print it or not. */
  readonly quser?: readonly string[];
  /** ID, name and user of everybody. */
  readonly people: readonly (readonly [id: string, name: string | undefined, user: string])[];
}

export const recorded: readonly Recorded[] = [
  {
    from: "Windows Server 2003, whose console has ID 0",
    codePage: 437,
    qwinsta: [
      " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ",
      ">console           Administrator             0  Active  wdcon               ",
      " rdp-tcp                                 65536  Listen  rdpwd               ",
      " rdp-tcp#38        alice                     2  Active  rdpwd               ",
    ],
    people: [
      ["0", "console", "Administrator"],
      ["2", "rdp-tcp#38", "alice"],
    ],
  },
  {
    from: "Windows 7, with TYPE in some rows",
    codePage: 437,
    qwinsta: [
      " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE",
      " services                                    0  Disc",
      ">rdp-tcp#0         Elsa                      2  Active  rdpwd",
      " console                                     3  Conn",
      " rdp-tcp                                 65536  Listen",
    ],
    quser: [
      " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME",
      ">elsa                  rdp-tcp#0           2  Active          .  3/25/2021 9:27 AM",
    ],
    people: [["2", "rdp-tcp#0", "Elsa"]],
  },
  {
    from: "a terminal server with many disconnected sessions",
    codePage: 437,
    qwinsta: [
      " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE",
      " services                                    0  Disc",
      " console                                     1  Conn",
      "                   t1_anna.weber             2  Disc",
      ">rdp-tcp#18        t2_jennifer.roberts       3  Active",
      "                   t1_anna.webe1             4  Disc",
      "                   t2_charles.hummel         9  Disc",
      " rdp-tcp                                 65536  Listen",
    ],
    quser: [
      " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME",
      " t1_anna.weber                             2  Disc        22:19  1/14/2021 9:31 AM",
      ">t2_jennifer.roberts   rdp-tcp#18          3  Active          .  1/15/2021 7:02 AM",
      " t1_anna.webe1                             4  Disc            2  1/15/2021 7:04 AM",
      " t2_charles.hummel                         9  Disc     11+04:12  1/4/2021 12:31 PM",
    ],
    people: [
      ["2", undefined, "t1_anna.weber"],
      ["3", "rdp-tcp#18", "t2_jennifer.roberts"],
      ["4", undefined, "t1_anna.webe1"],
      ["9", undefined, "t2_charles.hummel"],
    ],
  },
  {
    from: "a German Windows 11 that prints the classic layout",
    codePage: 850,
    qwinsta: [
      " SITZUNGSNAME      BENUTZERNAME             ID  STATUS  TYP         GERÄT",
      " services                                    0  Getr.",
      " console           Leo                       3  Aktiv",
      " rdp-tcp                                 65536  Abhör.",
    ],
    quser: [
      " BENUTZERNAME          SITZUNGSNAME       ID  STATUS  LEERLAUF   ANMELDEZEIT",
      " leo                   console             3  Aktiv       Kein   03.05.2025 18:26",
    ],
    people: [["3", "console", "Leo"]],
  },
  {
    from: "Windows 11, with a nameless session of its own and headings left out",
    codePage: 65001,
    qwinsta: [
      " SESSIONNAME               USERNAME                 ID  STATE",
      " services                                            0  Disc",
      ">                          gerda                     1  Disc",
      " console                                             2  Conn",
      " rdp-tcp                                         65537  Listen",
    ],
    people: [["1", undefined, "gerda"]],
  },
  {
    from: "Windows 11, with somebody at the console and somebody disconnected",
    codePage: 437,
    qwinsta: [
      " SESSIONNAME               USERNAME                 ID  STATE   TYPE        DEVICE ",
      " services                                            0  Disc                        ",
      ">                          Scott                     1  Disc                        ",
      " console                   Paula                     2  Active                      ",
    ],
    quser: [
      " USERNAME              SESSIONNAME        ID  STATE   IDLE TIME  LOGON TIME",
      ">scott                                     1  Disc            4  6/20/2026 8:00 AM",
      " paula                 console             2  Active      none   6/20/2026 9:00 AM",
    ],
    people: [
      ["1", undefined, "Scott"],
      ["2", "console", "Paula"],
    ],
  },
  {
    from: "a virtual machine of Hyper-V",
    codePage: 437,
    qwinsta: [
      " SESSIONNAME               USERNAME                 ID  STATE   TYPE        DEVICE",
      ">services                                            0  Disc",
      " console                   vmadmin                   1  Active",
      " 31c5ce94259d4006a9e4                            65536  Listen",
    ],
    people: [["1", "console", "vmadmin"]],
  },
];

/** Published tables in which somebody changed a name without minding the columns. */
export const altered: Readonly<Record<string, readonly string[]>> = {
  "a user one column to the right": [
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE",
    " services                                    0  Disc",
    " console            garner                   1  Active",
  ],
  "a shorter name, and what follows it one column to the left": [
    " SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE",
    "                                             0  Disc    rdpwd",
    " rdp-tcp                                 65536  Listen  rdpwd",
    "                   user1                    1  Disc    rdpwd",
  ],
};
