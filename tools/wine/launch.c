/*
 * Starts the command line in LAUNCH_LINE exactly as it is, and ends with its exit code. Wine makes a command line from the arguments of a
 * Unix program and escapes their quotes, which cmd does not understand; Win32-OpenSSH passes the raw line to CreateProcessW, as this does.
 */
#include <windows.h>

static wchar_t line[32768];

int main(void)
{
    STARTUPINFOW startup = { .cb = sizeof startup };
    PROCESS_INFORMATION started;
    DWORD code = 1;

    if (GetEnvironmentVariableW(L"LAUNCH_LINE", line, 32768) == 0) return 125;
    SetEnvironmentVariableW(L"LAUNCH_LINE", NULL);
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &started)) return 126;
    WaitForSingleObject(started.hProcess, INFINITE);
    GetExitCodeProcess(started.hProcess, &code);
    return (int)code;
}
