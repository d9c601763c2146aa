import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver } from '@postern/core'
import { webhook } from '@postern/node'
import { catalogue } from '@postern/providers/catalogue'
import { describe, expect, test, vi } from 'vitest'
import { lawsOf } from '../../providers/test/signing.ts'
import { sendCommand } from '../src/commands/send.ts'
import { providerOf } from '../src/sender.ts'

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

// Equal deliveries of these are several events: nothing signed tells them apart.
const WITHOUT_ID = new Set([
  'airtable',
  'braintree',
  'dropbox',
  'rfc9421',
  'sendgrid-inbound-parse',
  'zoom',
])

describe('send, with its copies that must be known or refused, reaches a receiver of', () => {
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
      const receiver = createReceiver({ provider, log: false })
      const seen: string[] = []
      receiver.onAny(() => {})
      receiver.observe({
        answered: (_request, { outcome, code }) => void seen.push(code ?? outcome),
      })
      const server = createServer(webhook(receiver))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const written: string[] = []
      const stdout = vi
        .spyOn(process.stdout, 'write')
        .mockImplementation((text) => written.push(String(text)) > 0)
      const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
      const codes: number[] = []
      try {
        const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
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
      } finally {
        stdout.mockRestore()
        stderr.mockRestore()
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
        await receiver.close()
      }
      const { body, timestamp } = provider.covers
      const [first, second, tampered, stale] = seen
      expect([first, codes[0]], written.join('')).toEqual(['accepted', 0])
      expect(second).toBe(WITHOUT_ID.has(name) ? 'accepted' : 'duplicate')
      if (body !== 'none') expect(tampered).not.toBe('accepted')
      expect(codes[1]).toBe(tampered === 'accepted' ? 0 : 1)
      expect([stale, codes[2]]).toEqual(timestamp ? ['timestamp_too_old', 1] : ['accepted', 0])
    },
  )
})
