import type { Mountable } from './mountable.ts'

interface Made {
  turns: number
  counted: boolean
  called: boolean
}

// Handlers that are made while requests come are made in many turns of the event loop; those of an app, in one or two.
const TURNS = 3

const known = new WeakMap<Mountable, Made>()

/**
 * Notes that a handler of the receiver was made. In the third turn of the event loop without any of them called it warns:
 * `(req, res) => webhook(receiver)` makes a handler for each request, and the sender waits in vain. Returns the function that says
 * that one was called.
 */
export function handlerMade(receiver: Mountable): () => void {
  const made = known.get(receiver) ?? { turns: 0, counted: false, called: false }
  known.set(receiver, made)
  if (!made.called && !made.counted) {
    made.counted = true
    setImmediate(() => (made.counted = false)).unref()
    if (++made.turns === TURNS)
      process.emitWarning(
        'webhook(receiver) makes a handler, and none of those it made was ever called: give the handler itself to the route, app.all(path, webhook(receiver)), or call it, webhook(receiver)(request, response)',
        'PosternWarning',
      )
  }
  return () => (made.called = true)
}
