import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ACME = fileURLToPath(new URL('../../acme.ts', import.meta.url))

/** Runs a process whose receiver `shop` takes one event with the id 1; ends it by SIGKILL once it has printed the line. */
async function printed(
  handler: string,
  untilLine?: RegExp,
  name = 'mail',
): Promise<readonly string[]> {
  const script = `
    const { setup } = await import(${JSON.stringify(ACME)})
    const { receiver, send } = setup({ name: 'shop' })
    receiver.on('quick', { name: 'quick', timeout: 50 }, () => {})
    receiver.on('ping', { name: ${JSON.stringify(name)}, timeout: 200 }, ${handler})
    await send({ id: '0', topic: 'quick' })
    await send({ id: '1', topic: 'ping' })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const lines: string[] = []
  createInterface(child.stderr).on('line', (line) => {
    lines.push(line)
    if (untilLine?.test(line)) child.kill('SIGKILL')
  })
  const [code, signal] = await new Promise<unknown[]>((resolve) =>
    child.once('close', (...ended) => resolve(ended)),
  )
  expect([code, signal]).toEqual(untilLine ? [null, 'SIGKILL'] : [0, null])
  return lines
}

test('a handler that never returns is named on stderr, with its receiver, subscription and task', async () => {
  const [line, ...rest] = await printed('() => { while (true); }', /event loop/)
  expect(line).toMatch(
    /^\[postern\] the event loop has been held for longer than 200 ms by shop, subscription mail, task \S+\. /,
  )
  expect(line).toContain('move it to a thread')
  expect(rest).toEqual([])
})

test('a handler that holds the event loop after an await is among those that are named', async () => {
  const wait = 'new Promise((resolve) => setImmediate(resolve))'
  const [line] = await printed(`async () => { await ${wait}; while (true); }`, /event loop/)
  expect(line).toMatch(/200 ms while these ran, .*: shop, subscription mail, task [^;]+\. Nothing/)
})

test('control characters of a name do nothing to the terminal', async () => {
  const [line] = await printed('() => { while (true); }', /event loop/, 'm\u001b[2Jé\n')
  expect(line).toContain(String.raw`subscription m\u001b[2J\u00e9\u000a, task`)
})

test('each hold is told once', async () => {
  const hold = 'for (const until = performance.now() + 900; performance.now() < until; );'
  const lines = await printed(`() => { ${hold} }`)
  expect(lines).toHaveLength(1)
})

test('handlers within their timeout, and those that wait for something else, are not told; the process ends by itself', async () => {
  const wait = 'new Promise((resolve) => setTimeout(resolve, 150))'
  expect(await printed(`async () => { await ${wait} }`)).toEqual([])
})
