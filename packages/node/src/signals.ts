/** Something that closes at a signal. */
interface Closing {
  /** True if the process exits once it is closed. */
  readonly exit: boolean
  /** True once it has begun. */
  begun(): boolean
  close(): Promise<void>
}

interface Heard {
  readonly all: Set<Closing>
  readonly listener: () => void
}

const heard = new Map<NodeJS.Signals, Heard>()

/**
 * Closes it at the signal. All share one listener of the process: it exits when the last of them has closed, and a second
 * signal ends it at once. The function that it returns takes it away again.
 */
export function closeAt(signal: NodeJS.Signals, one: Closing): () => void {
  const { all, listener } = heard.get(signal) ?? listen(signal)
  all.add(one)
  return () => {
    if (!all.delete(one) || all.size > 0) return
    heard.delete(signal)
    process.off(signal, listener)
  }
}

function listen(signal: NodeJS.Signals): Heard {
  const all = new Set<Closing>()
  const made: Heard = { all, listener: () => end(signal, [...all]) }
  heard.set(signal, made)
  process.on(signal, made.listener)
  return made
}

function end(signal: NodeJS.Signals, all: readonly Closing[]): void {
  const exit = (code: number): unknown => all.some((one) => one.exit) && process.exit(code)
  if (all.some((one) => one.begun())) exit(1)
  else
    void Promise.all(all.map((one) => one.close())).then(() => exit(signal === 'SIGINT' ? 130 : 0))
}
