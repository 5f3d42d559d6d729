/** Ends the warning of a connection that was logged in to with a security key. A check of hosts looks for it. */
export const touchedKey = "wants a touch for each connection, so again after a grace period";
