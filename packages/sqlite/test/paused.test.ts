import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()

/** A process that runs one task until it is told that it has lost it. It tells what happens, a line each. */
function program(path: string): string {
  const at = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)
  return `
    import { sqliteInbox } from ${at('../src/index.ts')}
    import { createRecorder, DONE } from ${at('../../testing/src/inbox/recorder.ts')}
    import { intake, item } from ${at('../../testing/src/inbox/make.ts')}
    const { consumer } = createRecorder({
      run: (claim) => new Promise((resolve) => {
        console.log('runs')
        claim.onLost((reason) => {
          console.log('is told to stop')
          resolve(DONE)
        })
      }),
    })
    const settled = (claim, outcome, stored) => console.log(stored ? 'settled it' : 'was refused')
    const port = sqliteInbox({ path: ${JSON.stringify(path)}, lease: '900ms' }).attach({ ...consumer, settled })
    port.work()
    await port.accept(intake(item('1')), {})`
}

test('a process that is paused for longer than its lease loses its task, and stops the run when it goes on', async () => {
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', program(scene.file.path)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => (await lines.next()).value
  try {
    expect(await next()).toBe('runs')
    child.kill('SIGSTOP')
    const other = scene.join(scene.open({ lease: '900ms' }))
    await other.untilSettled(1)
    expect(other.settled[0]!.stored).toBe(true)
    expect(other.runs[0]!.claim.attempt).toBe(1)
    child.kill('SIGCONT')
    expect([await next(), await next()]).toEqual(['is told to stop', 'was refused'])
    expect(other.runs).toHaveLength(1)
  } finally {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
})
