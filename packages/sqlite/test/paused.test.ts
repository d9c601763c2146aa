import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { sqliteScene, startVictim } from './scene.ts'

const scene = sqliteScene()

test('a process that is paused for longer than its lease loses its task, and stops the run when it goes on', async () => {
  const child = startVictim(scene.file.path, '900ms', ['slow'])
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]()
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
