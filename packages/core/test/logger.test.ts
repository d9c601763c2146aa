import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { createReceiver, logger } from '../src/index.ts'
import { acme, pinged, setup, throwing } from './acme.ts'

afterEach(() => vi.restoreAllMocks())

function sink(): { lines: string[]; log: ReturnType<typeof logger> } {
  const lines: string[] = []
  const at =
    (level: string) =>
    (line: string): void =>
      void lines.push(`${level} ${line}`)
  return { lines, log: logger({ info: at('info'), warn: at('warn'), error: at('error') }) }
}

test('what goes well is not logged', async () => {
  const { lines, log } = sink()
  const { heard, send } = pinged({ log })
  await send({ id: '1' })
  await heard.until('done')
  await send({ id: '1' })
  expect(lines).toEqual([])
})

test('a rejection is logged with its reason, a failure with its stack, a death with its way out', async () => {
  const { lines, log } = sink()
  const { receiver, heard, send } = setup({ log })
  receiver.on(
    'ping',
    { name: 'mail', retry: { attempts: 1 } },
    throwing(new Error('no mail today')),
  )
  receiver.answer('pong', throwing(new Error('no answer today')))
  await send({ secret: 'wrong' })
  await send({ id: 'e1' })
  await heard.until('dead')
  await send({ id: 'e2', topic: 'pong' })
  expect(lines[0]).toMatch(/^warn \[postern acme\] rejected POST \/webhooks: signature_mismatch, ./)
  expect(lines[1]).toMatch(
    /^warn \[postern acme\] mail on ping e1, attempt 1, failed: Error: no mail today\n {4}.*at /,
  )
  expect(lines[2]).toMatch(/^error \[postern acme\] mail on ping e1, attempt 1, is dead: no mail/)
  expect(lines[3]).toMatch(/^error \[postern acme\] answer to pong e2 failed: Error: no answer/)
})

test('an unhandled topic is said once, and not more than a hundred of them', async () => {
  const { lines, log } = sink()
  const { send } = setup({ log })
  for (let at = 0; at < 150; at++) {
    await send({ topic: `t${at}` })
    await send({ topic: `t${at}` })
  }
  expect(lines).toHaveLength(100)
  expect(lines[0]).toBe(
    'info [postern acme] acknowledged t0: no handler matches (logged once per topic)',
  )
})

test('no payload, secret, signature or header is ever printed', async () => {
  const { lines, log } = sink()
  const { receiver, heard, send } = setup({ log, provider: acme({ secret: 'S3CRET-key' }) })
  receiver.on('ping', { retry: { attempts: 1 } }, throwing(new Error('failed')))
  const marked = { payload: { card: 'PAYLOAD-mark' }, headers: { 'x-other': 'HEADER-mark' } }
  const { headers } = receiver.provider.sign!(marked)
  await send(marked)
  await heard.until('dead')
  await send({ ...marked, topic: 'other' })
  await send({ ...marked, secret: 'wrong' })
  await send({ ...marked, body: '{"card": PAYLOAD-mark}' })
  await send({ ...marked, headers: { ...marked.headers, 'content-encoding': 'HEADER-mark' } })
  await send({ ...marked, headers: { 'x-acme-signature': 'HEADER-mark, x' } })
  await send({ ...marked, url: 'https://example.com/hook?QUERY-mark=1', topic: '' })
  expect(lines.length).toBeGreaterThan(5)
  const text = lines.join('\n')
  for (const mark of ['S3CRET', 'PAYLOAD', 'QUERY', headers['x-acme-signature']!])
    expect(text).not.toContain(mark)
  expect(text.replaceAll('HEADER-mark', '')).toBe(text)
})

test('a line break in what the network sent makes no line of its own', async () => {
  const { lines, log } = sink()
  const breaks = fc.constantFrom('\n', '\r', '\r\n', '\u0085', '\u2028', '\u2029', '\u001b[2K')
  const forged = fc.tuple(fc.string(), breaks).map(([text, at]) => `${text}x${at}[postern acme] ok`)
  await fc.assert(
    fc.asyncProperty(forged, forged, async (topic, id) => {
      const { receiver, heard, send } = setup({ log })
      receiver.on('**', { retry: { attempts: 1 } }, throwing(new Error(`cannot handle ${id}`)))
      await send({ topic, id })
      await heard.until('dead')
      await receiver.receive({ url: `/${topic}`, method: id })
    }),
    { numRuns: 50 },
  )
  const written = lines.flatMap((line) => line.split(/[\n\r\u0085\u2028\u2029]/))
  expect(written.filter((line) => line.startsWith('[postern'))).toEqual([])
  expect(lines.join('')).not.toContain('\u001b')
})

test('is the default, and log: false is none', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const url = 'https://example.com/'
  await createReceiver({ provider: acme() }).receive({ url })
  expect(warn).toHaveBeenCalledOnce()
  await createReceiver({ provider: acme(), log: false }).receive({ url })
  expect(warn).toHaveBeenCalledOnce()
})

test('rejections beyond ten in a second are counted, and a line says how many', async () => {
  vi.useFakeTimers()
  try {
    const { lines, log } = sink()
    const { send } = setup({ log })
    for (let at = 0; at < 1000; at++) await send({ secret: 'wrong' })
    expect(lines).toHaveLength(10)
    await vi.advanceTimersByTimeAsync(1000)
    expect(lines).toHaveLength(11)
    expect(lines[10]).toBe(
      'warn [postern] 990 more rejections in this second were not logged; observers received all of them',
    )
    await send({ secret: 'wrong' })
    expect(lines[11]).toMatch(/^warn \[postern acme\] rejected/)
    await vi.advanceTimersByTimeAsync(5000)
    expect(lines).toHaveLength(12)
  } finally {
    vi.useRealTimers()
  }
})

test('the number of rejections a second is an option', async () => {
  const lines: string[] = []
  const sink = { info: () => {}, warn: (line: string) => void lines.push(line), error: () => {} }
  const { send } = setup({ log: logger(sink, { rejections: 0 }) })
  await send({ secret: 'wrong' })
  expect(lines).toEqual([])
  for (const rejections of [-1, 1.5, '3'])
    expect(() => logger(sink, { rejections: rejections as number })).toThrow('logger: rejections')
})

test('what somebody did by hand is logged with who it was, in one line', () => {
  const { lines, log } = sink()
  log.operatorActed!({
    action: 'replay',
    as: 'ada\n[postern] forged',
    count: 2,
    target: '{"state":"dead"}',
  })
  log.operatorActed!({ action: 'delete', as: undefined, count: 1, target: '{"id":"7"}' })
  expect(lines).toEqual([
    'info [postern] ada [postern] forged: replay of 2, {"state":"dead"}',
    'info [postern] somebody: delete of 1, {"id":"7"}',
  ])
})
