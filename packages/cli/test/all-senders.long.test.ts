// Takes 10 s.
import { generateKeyPairSync } from 'node:crypto'
import { catalogue } from '@postern/providers/catalogue'
import { describe, expect, test, vi } from 'vitest'
import { lawsOf } from '../../providers/test/signing.ts'
import { listenCommand } from '../src/commands/listen.ts'
import { sendCommand } from '../src/commands/send.ts'
import { providerOf } from '../src/sender/sender.ts'

const pem = String(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'pem',
    type: 'pkcs8',
  }),
)
const SECRETS: Readonly<Record<string, string>> = {
  asana: 'a-secret-of-a-handshake',
  cloudevents: 'a-bearer-token',
  discord: `private:${'9d'.repeat(32)}`,
  'docker-hub': 'a-secret-in-the-url',
  'microsoft-graph': 'a-client-state-of-tests',
  generic: 'a-secret',
  rfc9421: 'a-shared-secret',
  sendgrid: pem,
  'sendgrid-inbound-parse': pem,
  wechat: 'a-token',
}
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  'microsoft-graph': [],
  generic: ['scheme=hmac', 'header=X-Signature', 'eventIdField=id'],
}

// Equal deliveries of these senders count as several events, because no signed part identifies an event.
const WITHOUT_ID = new Set([
  'airtable',
  'braintree',
  'dropbox',
  'rfc9421',
  'sendgrid-inbound-parse',
  'zoom',
])

// The search for the cause of a rejection goes through all senders, and takes two thirds of the CPU time. This test
// asserts nothing about it: send-listen.test.ts and packages/providers/test/explain do.
vi.mock(import('@postern/core/explain'), async (original) => ({
  ...(await original()),
  explainedCodes: new Set(),
}))

describe('send, with its copies that must be known or rejected, reaches listen for', () => {
  test.for([...catalogue.values()].filter(({ canSign }) => canSign).map(({ name }) => name))(
    '%s',
    async (name) => {
      const laws = lawsOf(name)
      const secret = SECRETS[name] ?? laws?.secrets[0]
      const options = Object.entries(laws?.options ?? {}).map(
        ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      )
      const given = {
        ...(secret !== undefined && { secret: [secret] }),
        option: OPTIONS[name] ?? options,
      }
      const { provider } = await providerOf(name, given)
      const told = hear()
      const codes: number[] = []
      try {
        const ended = listenCommand(name, { ...given, port: '0', output: 'json' })
        const [to = ''] = await told.until(/http:\S+/)
        for (const more of [{ duplicate: true }, { tamper: true }, { stale: true }])
          codes.push(
            await sendCommand(name, undefined, {
              ...given,
              to,
              count: '1',
              timeout: '10',
              ...more,
            }),
          )
        await told.until(/("status":\d+.*\n[^]*){4}/)
        process.emit('SIGINT')
        expect(await ended).toBe(0)
      } finally {
        told.stop()
      }
      const { body, timestamp } = provider.covers
      const [first, second, tampered, stale] = told.text
        .split('\n')
        .filter((line) => line.startsWith('{') && line.includes('"status"'))
        .map((line) => JSON.parse(line) as { code?: string; outcome: string })
        .map(({ code, outcome }) => code ?? outcome)
      expect([first, codes[0]], told.text).toEqual(['accepted', 0])
      expect(second).toBe(WITHOUT_ID.has(name) || provider.ids === false ? 'accepted' : 'duplicate')
      if (body !== 'none') expect(tampered).not.toBe('accepted')
      expect(codes[1]).toBe(tampered === 'accepted' ? 0 : 1)
      expect([stale, codes[2]]).toEqual(timestamp ? ['timestamp_too_old', 1] : ['accepted', 0])
    },
  )
})

/** Records the output of both commands. */
function hear() {
  let heard: () => void = () => {}
  const told = { text: '', until, stop }
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      told.text += String(text)
      heard()
      return true
    }),
  )
  return told

  function stop(): void {
    for (const spy of spies) spy.mockRestore()
  }

  function until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      heard = () => {
        const found = pattern.exec(told.text)
        if (found) resolve(found)
      }
      heard()
    })
  }
}
