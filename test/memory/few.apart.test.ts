import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { durableNames, durables, type Store } from '../services/inboxes.ts'
import { needs } from '../services/needs.ts'
import { flood } from './flood.ts'

const APP = fileURLToPath(new URL('app.ts', import.meta.url))

const BODIES = {
  'one long text': { text: 'x'.repeat(1_000_000) },
  // The parsed values need twice the bytes of the text.
  'many objects': { rows: Array.from({ length: 40_000 }, (_, at) => ({ at, of: `a${at % 10}` })) },
}

for (const name of ['memory', ...durableNames] as const)
  for (const [words, payload] of Object.entries(BODIES))
    needs(...(name === 'memory' ? [] : durables[name].programs)).test(
      `${name}: with a heap of 128 MB and 200 connections that send 1 MB of ${words} it lives, what it acknowledged runs, and the rest gets 503`,
      async () => {
        const store = name === 'memory' ? NONE : await durables[name].start()
        const app = fork(APP, [name, store.store], { execArgv: ['--max-old-space-size=128'] })
        const ended = once(app, 'exit').then(([code, signal]: unknown[]) => {
          throw new Error(`the app ended with ${String(code ?? signal)}`)
        })
        ended.catch(() => {})
        try {
          const ran = new Set<string>()
          const [{ port }] = (await Promise.race([once(app, 'message'), ended])) as [
            { port: number },
          ]
          const answers = await Promise.race([
            flood(port, payload, { connections: 200, each: 2 }),
            ended,
          ])
          const taken = [...answers].filter(([, status]) => status === 200).map(([id]) => id)
          expect(taken.length).toBeGreaterThan(0)
          expect(
            [...answers.values()].filter((status) => status !== 200 && status !== 503),
          ).toEqual([])
          const all = new Promise<void>((resolve) =>
            app.on('message', (told: { readonly ran: string }) => {
              ran.add(told.ran)
              if (taken.every((id) => ran.has(id))) resolve()
            }),
          )
          app.send('open')
          await Promise.race([all, ended])
          console.log(`${name}, ${words}: ${taken.length} of ${answers.size} acknowledged`)
        } finally {
          app.kill('SIGKILL')
          await store.stop()
        }
      },
      240_000,
    )

const NONE: Store = { store: '', stop: async () => {} }
