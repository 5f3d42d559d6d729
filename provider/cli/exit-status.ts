/** 0: all done; 1: a host failed or was skipped; 2: wrong usage; 130: cancelled. */
export type ExitStatus = 0 | 1 | 2 | 130;
