/*
 * Stands in for the session tools of Windows: qwinsta, quser, qprocess, logoff, rwinsta, msg, chglogon and chcp, by the name it is started as.
 * Wine has none of them, and its chcp knows no code page without a console.
 *
 * LAB_STATE is a file of lines with tabs between the fields, bytes of the host's code page. A test writes the first ones:
 *
 *     codepage  850
 *     session   SERVER  ID  NAME  USER  STATE  IDLE  LOGON  ONLOGOFF  PROGRAM;PROGRAM
 *
 * SERVER is `.` for the host itself. ONLOGOFF is `gone`, or `stuck` until a reset. The tools append what they do, and a session is over once
 * its end is there:
 *
 *     logoff | reset  SERVER  ID
 *     message         SERVER  ID  SECONDS  HEX
 *     drain           MODE
 */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum { kind, server, id, name, user, state, idle, logon, on_logoff, programs, fields };

static char text[1 << 20], *rows[4096][fields];
static int row_count;
static const char *host = ".", *operand, *session_id, *seconds = "60", *code_page = "437";

static int fail(int number, const char *words)
{
    fprintf(stderr, "Error [%d]:%s\r\n", number, words);
    return 1;
}

static void read_state(void)
{
    FILE *file = fopen(getenv("LAB_STATE"), "rb");
    char *line = text;

    if (file == NULL) exit(fail(2, "LAB_STATE names no file."));
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    while (*line && row_count < 4096) {
        char *end = strchr(line, '\n'), *next = end ? end + 1 : line + strlen(line), *field = line;
        int at;
        if (end) *end = 0;
        for (at = 0; at < fields; at++) {
            char *tab = field ? strchr(field, '\t') : NULL;
            rows[row_count][at] = field ? field : "";
            if (tab) *tab++ = 0;
            field = tab;
        }
        if (!strcmp(rows[row_count][kind], "codepage")) code_page = rows[row_count][server];
        row_count++;
        line = next;
    }
}

static int is(int row, const char *what, const char *of)
{
    return !strcmp(rows[row][kind], what) && !_stricmp(rows[row][server], host) && (!of || !strcmp(rows[row][id], of));
}

static int is_open(int row)
{
    int other;

    if (!is(row, "session", NULL)) return 0;
    for (other = 0; other < row_count; other++) {
        if (is(other, "reset", rows[row][id])) return 0;
        if (is(other, "logoff", rows[row][id]) && !strcmp(rows[row][on_logoff], "gone")) return 0;
    }
    return 1;
}

/** The open session with that ID, or -1. */
static int find(const char *wanted)
{
    int row;

    for (row = 0; row < row_count; row++)
        if (is_open(row) && !strcmp(rows[row][id], wanted)) return row;
    return -1;
}

static void append(const char *line)
{
    FILE *file = fopen(getenv("LAB_STATE"), "ab");

    fprintf(file, "%s\n", line);
    fclose(file);
}

static int end_session(const char *verb)
{
    char line[300];

    if (operand == NULL) return fail(87, "The parameter is incorrect.");
    if (find(operand) < 0) return fail(7022, "The specified session cannot be found.");
    snprintf(line, sizeof line, "%s\t%s\t%s", verb, host, operand);
    append(line);
    return 0;
}

static int list_sessions(void)
{
    int row;

    printf(" %-18s%-20s  %5s  %-8s%-12s%s\r\n", "SESSIONNAME", "USERNAME", "ID", "STATE", "TYPE", "DEVICE ");
    for (row = 0; row < row_count; row++)
        if (is_open(row)) {
            char **cell = rows[row];
            char mark = !strcmp(host, ".") && !strcmp(cell[id], "0") ? '>' : ' ';
            printf("%c%-18s%-20s  %5s  %-8s%-12s%8s\r\n", mark, cell[name], cell[user], cell[id], cell[state], "", "");
        }
    return 0;
}

static int list_users(void)
{
    int row, count = 0;

    for (row = 0; row < row_count; row++)
        if (is_open(row) && *rows[row][user]) {
            char **cell = rows[row];
            if (count++ == 0)
                printf(" %-22s%-17s%4s  %-8s%-9s  %s\r\n", "USERNAME", "SESSIONNAME", "ID", "STATE", "IDLE TIME", "LOGON TIME");
            printf(" %-22s%-17s%4s  %-8s%9s  %s\r\n", cell[user], cell[name], cell[id], cell[state], cell[idle], cell[logon]);
        }
    if (count == 0) fprintf(stderr, "No User exists for *\r\n");
    return count == 0;
}

static int list_programs(void)
{
    int row = session_id ? find(session_id) : -1, pid = 1000;
    char *image;

    if (row < 0) return fprintf(stderr, "No Process exists for *\r\n"), 1;
    printf(" %-22s%-18s%4s%7s  %s\r\n", "USERNAME", "SESSIONNAME", "ID", "PID", "IMAGE");
    for (image = strtok(rows[row][programs], ";"); image; image = strtok(NULL, ";"), pid += 4)
        printf(" %-22s%-18s%4s%7d  %s\r\n", rows[row][user], rows[row][name], session_id, pid, image);
    return 0;
}

static int send_message(const unsigned char *bytes, size_t length)
{
    char line[2000];
    size_t at;
    int end;

    if (operand == NULL || length > 255) return fail(87, "The parameter is incorrect.");
    if (find(operand) < 0) return fail(7022, "The specified session cannot be found.");
    end = snprintf(line, sizeof line, "message\t%s\t%s\t%s\t", host, operand, seconds);
    for (at = 0; at < length; at++) end += snprintf(line + end, sizeof line - end, "%02x", bytes[at]);
    append(line);
    return 0;
}

static int change_logon(const char *mode)
{
    static const char key[] = "SYSTEM\\CurrentControlSet\\Control\\Terminal Server";
    DWORD number = !_stricmp(mode, "/drain") ? 2 : !_stricmp(mode, "/drainuntilrestart") ? 1 : 0;
    char line[100];

    if (number == 0 && _stricmp(mode, "/enable")) return fail(87, "The parameter is incorrect.");
    if (RegSetKeyValueA(HKEY_LOCAL_MACHINE, key, "TSServerDrainMode", REG_DWORD, &number, sizeof number))
        return fail(5, "Access is denied.");
    snprintf(line, sizeof line, "drain\t%lu", number);
    append(line);
    return 0;
}

/** Whether the host, or the one named by /server:, has sessions. */
static int is_known(void)
{
    int row;

    for (row = 0; row < row_count; row++)
        if (is(row, "session", NULL)) return 1;
    return 0;
}

int main(int count, char **words)
{
    static unsigned char message[4096];
    char path[MAX_PATH], *tool;
    const char *mode = "";
    size_t length = 0;
    HANDLE turn = CreateMutexA(NULL, FALSE, "session-logoff-lab");
    int at;

    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    _setmode(2, _O_BINARY);
    GetModuleFileNameA(NULL, path, sizeof path);
    tool = strrchr(path, '\\') + 1;
    *strrchr(tool, '.') = 0;
    for (at = 1; at < count; at++) {
        if (!_strnicmp(words[at], "/server:", 8)) host = words[at] + 8;
        else if (!_strnicmp(words[at], "/time:", 6)) seconds = words[at] + 6;
        else if (!_strnicmp(words[at], "/id:", 4)) session_id = words[at] + 4;
        else if (words[at][0] == '/' && !_stricmp(tool, "chglogon")) mode = words[at];
        else if (words[at][0] == '/' || operand) return fail(87, "The parameter is incorrect.");
        else operand = words[at];
    }
    if (!_stricmp(tool, "msg")) length = fread(message, 1, sizeof message, stdin);
    WaitForSingleObject(turn, INFINITE);
    read_state();
    if (!_stricmp(tool, "chcp")) return printf("Active code page: %s\r\n", code_page), 0;
    if (!_stricmp(tool, "chglogon")) return change_logon(mode);
    if (!is_known()) return fail(1722, "The RPC server is unavailable.");
    if (!_stricmp(tool, "qwinsta")) return list_sessions();
    if (!_stricmp(tool, "quser")) return list_users();
    if (!_stricmp(tool, "qprocess")) return list_programs();
    if (!_stricmp(tool, "logoff")) return end_session("logoff");
    if (!_stricmp(tool, "rwinsta")) return end_session("reset");
    if (!_stricmp(tool, "msg")) return send_message(message, length);
    return fail(2, "No such tool.");
}
