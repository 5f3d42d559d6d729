import { dayMonthYear, parts, two, type Language } from "./language";

/*
 * The headers, the states active, disconnected and listen, the idle words and the chcp sentences are published texts.
 * States that a listing never shows in practice, and some of the error texts, are our translations.
 */

export const de: Language = {
  codePage: 850,
  qwinstaHeader: ["SITZUNGSNAME", "BENUTZERNAME", "ID", "STATUS", "TYP", "GERÄT"],
  quserHeader: ["BENUTZERNAME", "SITZUNGSNAME", "ID", "STATUS", "LEERLAUF", "ANMELDEZEIT"],
  imageHeader: "ABBILD",
  states: {
    active: "Aktiv",
    connected: "Verb.",
    "connect-query": "VerbAbf",
    shadow: "Spiegel",
    disconnected: "Getr.",
    idle: "Leerl.",
    listen: "Abhör.",
    reset: "Zurück.",
    down: "Inaktiv",
    init: "Init.",
  },
  idleNone: "Kein",
  logonTime: dayMonthYear("."),
  activeCodePage: "Aktive Codepage: {0}.",
  error: "Fehler",
  errors: {
    5: "Zugriff verweigert",
    87: "Falscher Parameter.",
    1722: "Der RPC-Server ist nicht verfügbar.",
    7007: "Für die Sitzung steht ein Schließvorgang an.",
    7022: "Die Sitzung {0} wurde nicht gefunden.",
    7024: "Der angeforderte Vorgang kann nicht ausgeführt werden, da die Terminalverbindung beschäftigt ist.",
    7045: "Der angeforderte Sitzungszugriff wurde verweigert.",
  },
  notRecognized: 'Der Befehl "{0}" ist entweder falsch geschrieben oder\r\nkonnte nicht gefunden werden.',
  noUser: "Für {0} ist kein Benutzer vorhanden.",
  noSession: "Für {0} ist keine Sitzung vorhanden.",
  regNotFound: "FEHLER: Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.",
};

export const fr: Language = {
  codePage: 850,
  qwinstaHeader: ["SESSION", "UTILISATEUR", "ID", "ÉTAT", "TYPE", "PÉRIPHÉRIQUE"],
  quserHeader: ["UTILISATEUR", "SESSION", "ID", "ÉTAT", "TEMPS INACT", "TEMPS SESSION"],
  states: {
    active: "Actif",
    connected: "Conn",
    "connect-query": "ReqConn",
    shadow: "Ombre",
    disconnected: "Déco",
    idle: "Inactif",
    listen: "Écouter",
    reset: "Réinit.",
    down: "Arrêté",
    init: "Init",
  },
  idleNone: "aucun",
  logonTime: dayMonthYear("/"),
  activeCodePage: "Page de codes active : {0}",
  error: "Erreur",
  errors: {
    5: "Accès refusé.",
    87: "Paramètre incorrect.",
    1722: "Le serveur RPC n'est pas disponible.",
    7007: "Une opération de fermeture est en attente sur la session.",
    7022: "La session {0} est introuvable.",
    7045: "L'accès à la session demandée est refusé.",
  },
  notRecognized:
    "'{0}' n'est pas reconnu en tant que commande interne\r\n" +
    "ou externe, un programme exécutable ou un fichier de commandes.",
  noUser: "Il n'existe aucun utilisateur pour {0}",
  noSession: "Il n'existe aucune session pour {0}",
  regNotFound: "ERREUR : Le système n'a pas trouvé la clé ou la valeur de Registre spécifiée.",
};

export const es: Language = {
  codePage: 850,
  qwinstaHeader: ["NOMBRE DE SESIÓN", "NOMBRE DE USUARIO", "ID", "ESTADO", "TIPO", "DISPOSITIVO"],
  quserHeader: ["NOMBRE USUARIO", "NOMBRE SESIÓN", "ID", "ESTADO", "TIEMPO IN.", "TIEMPO SESIÓN"],
  states: {
    active: "Activo",
    connected: "Conect",
    "connect-query": "ConsCon",
    shadow: "Sombra",
    disconnected: "Desc",
    idle: "Inactivo",
    listen: "Escuchar",
    reset: "Restab",
    down: "Inactiva",
    init: "Inic",
  },
  idleNone: "ninguno",
  logonTime: dayMonthYear("/", String),
  activeCodePage: "Tabla de códigos activa: {0}",
  error: "Error",
  errors: {
    5: "Acceso denegado.",
    87: "El parámetro no es correcto.",
    1722: "El servidor RPC no está disponible.",
    7022: "No se encuentra la sesión {0}.",
  },
  notRecognized:
    '"{0}" no se reconoce como un comando interno o externo,\r\nprograma o archivo por lotes ejecutable.',
  noUser: "No existe ningún usuario para {0}",
  noSession: "No existe ninguna sesión para {0}",
  regNotFound: "ERROR: El sistema no pudo encontrar la clave o el valor del Registro especificados.",
};

export const it: Language = {
  codePage: 850,
  qwinstaHeader: ["SESSIONE", "NOME UTENTE", "ID", "STATO", "TIPO", "DISPOSITIVO"],
  quserHeader: ["NOME UTENTE", "NOME SESSIONE", "ID", "STATO", "INATTIVITÀ", "ACCESSO"],
  states: {
    active: "Attivo",
    connected: "Conn.",
    "connect-query": "RichConn",
    shadow: "Ombra",
    disconnected: "Disc.",
    idle: "Inattivo",
    listen: "Ascolto",
    reset: "Reimp.",
    down: "Inatt.",
    init: "Iniz.",
  },
  idleNone: "nessuno",
  logonTime: dayMonthYear("/"),
  activeCodePage: "Tabella codici attiva: {0}",
  error: "Errore",
  errors: {
    5: "Accesso negato.",
    1722: "Server RPC non disponibile.",
    7022: "Impossibile trovare la sessione {0}.",
  },
  notRecognized:
    '"{0}" non è riconosciuto come comando interno o esterno,\r\n un programma eseguibile o un file batch.',
  noUser: "Nessun utente esistente per {0}",
  noSession: "Nessuna sessione esistente per {0}",
  regNotFound: "ERRORE: impossibile trovare la chiave o il valore del Registro di sistema specificato.",
};

/** Cyrillic. Its word for a disconnected session means a hard disk, and its idle word overflows the column. */
export const ru: Language = {
  codePage: 866,
  qwinstaHeader: ["СЕАНС", "ПОЛЬЗОВАТЕЛЬ", "ID", "СТАТУС", "ТИП", "УСТР-ВО"],
  quserHeader: ["ПОЛЬЗОВАТЕЛЬ", "СЕАНС", "ID", "СТАТУС", "БЕЗДЕЙСТВ.", "ВРЕМЯ ВХОДА"],
  states: {
    active: "Активно",
    connected: "Подкл",
    "connect-query": "ЗапрПод",
    shadow: "Теневой",
    disconnected: "Диск",
    idle: "Простой",
    listen: "Прием",
    reset: "Сброс",
    down: "Сбой",
    init: "Иниц",
  },
  idleNone: "отсутствует",
  logonTime: dayMonthYear(".", String),
  activeCodePage: "Текущая кодовая страница: {0}",
  error: "Ошибка",
  errors: {
    5: "Отказано в доступе.",
    87: "Параметр задан неверно.",
    1722: "Сервер RPC недоступен.",
    7022: "Сеанс {0} не найден.",
  },
  notRecognized:
    '"{0}" не является внутренней или внешней\r\nкомандой, исполняемой программой или пакетным файлом.',
  noUser: "Не существует пользователя для {0}",
  noSession: "Не существует сеанса для {0}",
  regNotFound: "ОШИБКА: Не удается найти указанный раздел или параметр в реестре.",
};

/** Brazilian Portuguese. `Disco` also means a hard disk. */
export const ptBr: Language = {
  codePage: 850,
  qwinstaHeader: ["NOME DA SESSÃO", "NOME DE USUÁRIO", "ID", "ESTADO", "TIPO", "DISPOSITIVO"],
  quserHeader: ["NOME DE USUÁRIO", "NOME DA SESSÃO", "ID", "ESTADO", "TEMPO OCIOSO", "HORA DE LOGON"],
  states: {
    active: "Ativo",
    connected: "Conexão",
    "connect-query": "ConsCon",
    shadow: "Sombra",
    disconnected: "Disco",
    idle: "Ocioso",
    listen: "Escutar",
    reset: "Redef.",
    down: "Inativo",
    init: "Inic.",
  },
  idleNone: "nenhum",
  logonTime: dayMonthYear("/"),
  activeCodePage: "Página de código ativa: {0}",
  error: "Erro",
  errors: {
    5: "Acesso negado.",
    1722: "O servidor RPC não está disponível.",
    7022: "A sessão {0} não foi encontrada.",
  },
  notRecognized:
    "'{0}' não é reconhecido como um comando interno\r\nou externo, um programa operável ou um arquivo em lotes.",
  noUser: "Não existe usuário para {0}",
  noSession: "Não existe sessão para {0}",
  regNotFound: "ERRO: o sistema não pôde encontrar a chave ou o valor do Registro especificado.",
};

/** Polish represents code page 852. All its words are our translations. */
export const pl: Language = {
  codePage: 852,
  qwinstaHeader: ["NAZWA SESJI", "NAZWA UŻYTKOWNIKA", "ID", "STAN", "TYP", "URZĄDZENIE"],
  quserHeader: ["NAZWA UŻYTKOWNIKA", "NAZWA SESJI", "ID", "STAN", "BEZCZYNNOŚĆ", "CZAS LOGOWANIA"],
  states: {
    active: "Aktywna",
    connected: "Połącz.",
    "connect-query": "ZapPoł",
    shadow: "Cień",
    disconnected: "Rozł.",
    idle: "Bezcz.",
    listen: "Nasłuch",
    reset: "Reset",
    down: "Nieakt.",
    init: "Inicj.",
  },
  idleNone: "brak",
  logonTime: (time) => {
    const [year, month, day, hour, minute] = parts(time);
    return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`;
  },
  activeCodePage: "Aktywna strona kodowa: {0}",
  error: "Błąd",
  errors: { 5: "Odmowa dostępu.", 1722: "Serwer RPC jest niedostępny.", 7022: "Nie znaleziono sesji {0}." },
  notRecognized:
    "Nazwa '{0}' nie jest rozpoznawana jako polecenie wewnętrzne lub zewnętrzne,\r\n" +
    "program wykonywalny lub plik wsadowy.",
  noUser: "Nie istnieje użytkownik dla {0}",
  noSession: "Nie istnieje sesja dla {0}",
  regNotFound: "BŁĄD: System nie mógł odnaleźć określonego klucza lub wartości rejestru.",
};
