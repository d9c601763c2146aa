import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { createReceiver, type ReceiverOptions } from '@postern/core'
import { sqliteInbox } from '@postern/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from '../../../test/services/temporary.ts'
import { postern } from './run.ts'

const SECRET = 'whsec_4fZ1mQp8Rk2sVt6x'
const signed = stripe({ secret: SECRET }).sign!({
  topic: 'invoice.paid',
  payload: { note: "it's" },
})
const body = new TextDecoder().decode(signed.body)
const { url, headers, method } = signed
let cwd = ''

beforeAll(async () => {
  cwd = await temporaryFolder('explain')
  await writeFile(join(cwd, '.env'), `STRIPE_WEBHOOK_SECRET="${SECRET} "\n`)
})
afterAll(() => removeFolder(cwd))

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
const SAVED: Readonly<Record<string, string>> = {
  json: JSON.stringify({ method, url, headers, body }),
  base64: JSON.stringify({
    url,
    headers: Object.entries(headers),
    body: Buffer.from(body).toString('base64'),
    encoding: 'base64',
  }),
  har: JSON.stringify({
    log: {
      entries: [
        {
          startedDateTime: new Date().toISOString(),
          request: {
            method,
            url,
            headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
            postData: { text: body },
          },
        },
      ],
    },
  }),
  curl: `curl -X POST ${url} \\\n${Object.entries(headers)
    .map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\\n`)
    .join('')}  --data-binary ${quoted(body)}`,
  http: `POST /webhooks HTTP/1.1\r\nHost: example.com\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`,
}

/**
 * Creates an inbox with one rejected delivery: the app's secret has quotes around it. Returns the id of the rejection.
 */
async function rejectedIn(path: string, storage?: ReceiverOptions['storage']): Promise<string> {
  const inbox = sqliteInbox({ path })
  const provider = github({ secret: '"a secret of GitHub"' })
  const receiver = createReceiver({ provider, inbox, log: false, ...(storage && { storage }) })
  receiver.on('push', () => {})
  const sender = github({ secret: 'a secret of GitHub' })
  await receiver.receive(sender.sign!({ topic: 'push', payload: {} }))
  await receiver.close()
  const { rows } = await inbox.journal!.rejections()
  await inbox.close()
  return rows[0]!.id
}

describe('explain', () => {
  test('takes the URL, headers and body as flags of curl', async () => {
    await writeFile(join(cwd, 'body.bin'), body)
    const flags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
    const found = await postern(
      ['explain', url, '-p', 'stripe', ...flags, '--data-binary', '@body.bin', '--env', '.env'],
      { cwd },
    )
    expect(found.out).toContain('secret-whitespace')
    expect(found.code).toBe(1)
    const wrong = await postern(['explain', url, '-p', 'stripe', '-H', 'no header'], { cwd })
    expect(wrong.err).toContain("--header must be 'Name: value', got no header")
    expect(wrong.code).toBe(2)
  })

  test.for(Object.keys(SAVED))(
    'reads %s, finds the blank in .env, and ends with 1',
    async (kind) => {
      await writeFile(join(cwd, kind), SAVED[kind]!)
      const { code, out, err } = await postern(['explain', kind, '--provider', 'stripe'], { cwd })
      expect(out).toMatch(
        /^✕ rejected: signature_mismatch\n {2}proven {3}secret-whitespace {5}secret \(fingerprint [\da-f]{8}\) has whitespace/,
      )
      expect(err).toMatch(/tried \d+ changes in \d+ ms/)
      expect(out + err).not.toContain(SECRET)
      expect(code).toBe(1)
    },
  )

  test('shows the bytes that were signed beside the bytes that came', async () => {
    const spaced = SAVED['http']!.replace('{"', '{ "')
    const { code, out } = await postern(['explain', '-', '-p', 'stripe', '-s', SECRET], {
      input: spaced,
    })
    expect(out).toContain('1 byte came that was not signed')
    expect(out).toMatch(/^ +signed +\{"/m)
    expect(out).toMatch(/^ +came +\{⟦·⟧"/m)
    expect(code).toBe(1)
    const { out: json } = await postern(['explain', '-', '-p', 'stripe', '-s', SECRET, '--json'], {
      input: spaced,
    })
    expect(JSON.parse(json)).not.toHaveProperty('repaired')
  })

  test('from stdin, and 0 where the delivery is accepted', async () => {
    const { code, out } = await postern(['explain', '-', '-p', 'stripe', '-s', SECRET], {
      input: SAVED['http']!,
    })
    expect([code, out]).toEqual([
      0,
      '● accepted: Stripe signed this delivery, with the secret of --secret\n',
    ])
  })

  test('JSON is that of explain', async () => {
    const { out } = await postern(
      ['explain', '-', '-p', 'stripe', '-s', 'whsec_another', '--json'],
      { input: SAVED['json']! },
    )
    expect(JSON.parse(out)).toMatchObject({
      verdict: 'rejected',
      provider: 'stripe',
      findings: [{ cause: 'secret-wrong', certainty: 'likely' }],
    })
  })

  test('another sender is recognised by the catalogue', async () => {
    const { out } = await postern(['explain', '-', '-p', 'github', '-s', SECRET], {
      input: SAVED['json']!,
    })
    expect(out).toMatch(/proven {3}wrong-provider .* Stripe/)
  })

  test('the id of a rejection in an inbox', async () => {
    const path = join(cwd, 'inbox.db')
    const id = await rejectedIn(path)
    // No provider is given, since the row names it.
    const given = ['-s', '"a secret of GitHub"', '--sqlite', path]
    const { out, code } = await postern(['explain', id, ...given])
    expect(out).toContain('secret-quoted')
    expect(code).toBe(1)
    expect((await postern(['explain', 'nothing', '--sqlite', path])).err).toContain(
      'no delivery has the id nothing',
    )
  })

  test('what no signature rejected is told from the row, without a secret', async () => {
    const path = join(cwd, 'told.db')
    const inbox = sqliteInbox({ path })
    const provider = github({ secret: SECRET })
    const receiver = createReceiver({ provider, inbox, log: false })
    receiver.on('push', () => undefined)
    const push = provider.sign!({ topic: 'push', payload: {} })
    await receiver.receive(push)
    await receiver.receive(push)
    await receiver.receive(provider.sign!({ topic: 'star', payload: {} }))
    await receiver.receive({ ...push, method: 'PUT' })
    await receiver.close()
    const { rows } = await inbox.journal!.deliveries()
    const { rows: tasks } = await inbox.view!.list({})
    await inbox.close()
    const explained = async (id: string) => postern(['explain', id, '--sqlite', path])
    const ends = await Promise.all(rows.map(async ({ id }) => explained(id)))
    expect(
      ends
        .toSorted((one, other) => one.out.localeCompare(other.out))
        .map(({ code, out }) => [code, out.split('\n')[0]]),
    ).toEqual([
      [
        0,
        '● not rejected: accepted, answered 200: the signature was right, and the tasks were stored',
      ],
      [
        0,
        '● not rejected: duplicate, answered 200: the event was already known, so nothing ran again',
      ],
      [
        0,
        '● not rejected: unhandled, answered 200: the signature was right, and no subscription has the topic',
      ],
      [1, expect.stringMatching(/^✕ rejected: method_not_allowed \(405\): /)],
    ])
    expect(await explained(tasks[0]!.id)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is a task, so its delivery was accepted') as string,
    })
  })
})

test('an encrypted rejection opens with --encryption-key or the environment, and with no other key', async () => {
  const path = join(cwd, 'encrypted.db')
  const key = Buffer.alloc(32, 9).toString('base64')
  const id = await rejectedIn(path, { encryptionKey: key })
  const given = ['explain', id, '-p', 'github', '-s', '"a secret of GitHub"', '--sqlite', path]
  const explained = (more: string[], env = {}) => postern([...given, ...more], { cwd, env })
  const other = Buffer.alloc(32, 8).toString('hex')
  const [option, variable, none, wrong, text] = await Promise.all([
    explained(['--encryption-key', key]),
    explained([], { POSTERN_ENCRYPTION_KEY: `${other},${key}` }),
    explained([]),
    explained(['--encryption-key', other]),
    explained(['--encryption-key', 'a password']),
  ])
  expect(option!.out).toContain('secret-quoted')
  expect(variable!.out).toContain('secret-quoted')
  expect([none!.code, none!.err]).toEqual([
    2,
    expect.stringContaining('give --encryption-key, or set POSTERN_ENCRYPTION_KEY'),
  ])
  expect([wrong!.code, wrong!.err]).toEqual([
    1,
    expect.stringMatching(/^(postern: )?--encryption-key: .*: add that key/),
  ])
  expect([text!.code, text!.err]).toEqual([
    2,
    expect.stringContaining('--encryption-key must be 32 random bytes'),
  ])
})

describe('wrong use ends with 2', () => {
  test.for([
    [['explain', 'json'], 'give --provider: the request does not say who sent it'],
    [['explain', 'missing.json', '-p', 'stripe'], 'missing.json cannot be read'],
    [['explain', 'json', '-p', 'strip'], 'did you mean stripe?'],
    [['explain', 'json', '-p', 'github'], 'GitHub needs its secret'],
    [['explain', 'json', '-p', 'stripe', '--at', 'soon'], '--at must be an ISO date'],
    [['explain', 'json', '-p', 'stripe', '-o', 'tolerances=1'], 'did you mean tolerance?'],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['inbox', 'list'], 'give one of --sqlite'],
    [['inbox', 'list', '--sqlite', 'inbox.db', '--state', 'dad'], '--state must be one of'],
    [['send', 'paypal', '--to', 'http://127.0.0.1:1/', '-s', 'some id'], 'cannot be sent'],
  ] as const)('%j', async ([args, message]) => {
    await writeFile(join(cwd, 'json'), SAVED['json']!)
    await writeFile(join(cwd, 'inbox.db'), '')
    const { code, err, out } = await postern(args, { cwd })
    expect(err).toContain(message)
    expect([code, out]).toEqual([2, ''])
  })
})
