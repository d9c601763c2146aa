import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ACME = fileURLToPath(new URL('../../acme.ts', import.meta.url))

const LIMIT = 200

// Each test starts a process, which takes long on a busy machine.

interface Printing {
  /** Kills the process with SIGKILL once a line matches. */
  readonly until?: RegExp
  readonly name?: string
  /** Timeout of the subscription, in milliseconds. */
  readonly timeout?: number
  readonly heard?: () => void
}

/** Returns the lines that a process prints. Its receiver `shop` accepts one event with id 1. */
async function printed(
  handler: string,
  { until, name = 'mail', timeout = LIMIT, heard }: Printing = {},
): Promise<readonly string[]> {
  const script = `
    const { setup } = await import(${JSON.stringify(ACME)})
    const { receiver, send } = setup({ name: 'shop' })
    receiver.on('quick', { name: 'quick', timeout: ${timeout / 4} }, () => {})
    receiver.on('ping', { name: ${JSON.stringify(name)}, timeout: ${timeout} }, ${handler})
    await send({ id: '0', topic: 'quick' })
    await send({ id: '1', topic: 'ping' })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const lines: string[] = []
  createInterface(child.stderr).on('line', (line) => {
    // On a busy machine, the process may also be stopped while `quick` runs.
    if (timeout === LIMIT && line.includes('subscription quick')) return
    lines.push(line)
    heard?.()
    if (until?.test(line)) child.kill('SIGKILL')
  })
  const [code, signal] = await new Promise<unknown[]>((resolve) =>
    child.once('close', (...ended) => resolve(ended)),
  )
  expect([code, signal]).toEqual(until ? [null, 'SIGKILL'] : [0, null])
  return lines
}

test('a handler that never returns is named on stderr, with its receiver, subscription and task', async () => {
  const [line, ...rest] = await printed('() => { while (true); }', { until: /event loop/ })
  expect(line).toMatch(
    /^\[postern\] the event loop has been held for longer than 200 ms by shop, subscription mail, task \S+\. /,
  )
  expect(line).toContain('move it to a thread')
  expect(rest).toEqual([])
})

test('a handler that holds the event loop after an await is among those that are named', async () => {
  const wait = 'new Promise((resolve) => setImmediate(resolve))'
  const [line] = await printed(`async () => { await ${wait}; while (true); }`, {
    until: /event loop/,
  })
  expect(line).toMatch(/200 ms while these ran, .*: shop, subscription mail, task [^;]+\. Nothing/)
})

test('control characters of a name do nothing to the terminal', async () => {
  const [line] = await printed('() => { while (true); }', {
    until: /event loop/,
    name: 'm\u001b[2Jé\n',
  })
  expect(line).toContain(String.raw`subscription m\u001b[2J\u00e9\u000a, task`)
})

test('each hold is told once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-hold-'))
  const told = join(folder, 'told')
  try {
    // After the warning, the handler blocks for five more checks of the watch.
    const hold = `
      const { existsSync } = process.getBuiltinModule('node:fs')
      while (!existsSync(${JSON.stringify(told)}));
      for (const until = performance.now() + 500; performance.now() < until; );`
    const lines = await printed(`() => { ${hold} }`, { heard: () => writeFileSync(told, '') })
    expect(lines).toHaveLength(1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('handlers within their timeout, and those that wait for something else, are not told; the process ends by itself', async () => {
  const wait = 'new Promise((resolve) => setTimeout(resolve, 150))'
  expect(await printed(`async () => { await ${wait} }`, { timeout: 15_000 })).toEqual([])
})
