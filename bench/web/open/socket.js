// A plain WebSocket in a file of its own, as an application's script is.

/** Calls `opened` when a connection to `to` is open. */
export function open(to, opened) {
  new WebSocket(to).addEventListener('open', opened);
}
