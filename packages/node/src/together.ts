import { setImmediate } from 'node:timers'

// The most requests in one group, so that replies do not wait for all that arrived.
const MOST = 64

/** Requests that wait for the same moment. */
interface Group {
  size: number
  readonly read: Promise<void>
}

let open: Group | undefined

/**
 * Resolves, for all waiting requests at once, when the event loop has read its sockets. Requests that arrived together
 * then run one right after the other, with the code of each step still in the CPU's caches. With 64 connections a
 * request of 1 KB takes two thirds of the CPU that it takes alone.
 */
export function together(): Promise<void> {
  const group = (open ??= gather())
  if (++group.size === MOST) open = undefined
  return group.read
}

function gather(): Group {
  const group: Group = {
    size: 0,
    read: new Promise((resolve) => {
      setImmediate(() => {
        if (open === group) open = undefined
        resolve()
      })
    }),
  }
  return group
}
