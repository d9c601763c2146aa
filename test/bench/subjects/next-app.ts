import { createRequire } from 'node:module'
import { join } from 'node:path'
import type nextTypes from 'next'
import { listen } from './subject.ts'

// Its types say `default`, which is not there for a module that imports it.
const next = createRequire(import.meta.url)('next') as (typeof nextTypes)['default']

/** Serves the built Next.js app from this process, so that its CPU time can be asked for. */
export async function nextApp(): Promise<number> {
  const app = next({ dev: false, dir: join(import.meta.dirname, '..', 'next'), quiet: true })
  await app.prepare()
  const handle = app.getRequestHandler()
  return listen((request, response) => void handle(request, response))
}
