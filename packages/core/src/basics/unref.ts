/** A timer that does not keep the process alive, where timers can be told so: on Node.js, Bun and Deno. */
export function unref<Timer>(timer: Timer): Timer {
  ;(timer as { unref?: () => void }).unref?.()
  return timer
}
