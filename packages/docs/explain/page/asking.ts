import type { Asked, Told } from '../worker.ts'

type Question<Kind extends Asked['kind']> = Omit<Extract<Asked, { kind: Kind }>, 'id'>

/** Sends questions to the worker. */
export interface Asking {
  ask(question: Question<'open'> | Question<'judge'>): Promise<Told>
}

/**
 * Starts the worker at the first question. The worker has the security policy of the page, since a blob of the page
 * starts it.
 */
export function createAsking(): Asking {
  let worker: Worker | undefined
  let last = 0
  const waiting = new Map<number, (told: Told) => void>()
  const start = (): Worker => {
    const address = new URL('/explain/worker.js', location.origin).href
    const program = new Blob([`import ${JSON.stringify(address)}`], { type: 'text/javascript' })
    const made = new Worker(URL.createObjectURL(program), { type: 'module' })
    made.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      waiting.get(data.id)?.(data)
      waiting.delete(data.id)
    })
    made.addEventListener('error', () => {
      worker = undefined
      for (const [id, tell] of waiting)
        tell({ id, kind: 'failed', message: 'The program of this page could not be loaded.' })
      waiting.clear()
    })
    return made
  }
  return {
    ask(question) {
      worker ??= start()
      const id = ++last
      const told = new Promise<Told>((resolve) => waiting.set(id, resolve))
      worker.postMessage({ ...question, id })
      return told
    },
  }
}
