import { Buffer } from 'node:buffer'
import { madeOf, type SenderChallenge } from '@postern/core/scheme'
import type { AuditCase } from '../case.ts'
import { letters } from '../chance.ts'
import type { AuditRequest } from '../request.ts'
import type { AuditSender } from '../sender.ts'

/** The challenge of the sender, whose answer must hold what was asked, and which is no event. */
export function handshakeCase(sender: AuditSender): AuditCase {
  const text = letters(24, sender.random)
  const challenge = filled(sender, text)
  return {
    id: 'authentic/handshake',
    class: 'authentic',
    severity: 'high',
    what: 'the challenge by which the sender asks whether the URL is yours',
    sends: () => [[typeof challenge === 'string' ? sender.sign() : asked(sender, challenge)]],
    expects: { reply: 'taken', text, effects: 0 },
    why: 'Without the right answer the sender registers no URL, and some ask again later and switch it off.',
    remedy: 'handshake',
    ...(typeof challenge === 'string' && { skip: challenge }),
  }
}

function asked(
  sender: AuditSender,
  { query, headers = {}, payload }: SenderChallenge,
): AuditRequest {
  if (payload !== undefined) return sender.sign({ body: JSON.stringify(payload), headers })
  const url = new URL(sender.url)
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
  return { method: 'GET', url: url.href, headers: Object.entries(headers), body: Buffer.alloc(0) }
}

/** With the text and the values of options; or why there is none. */
function filled({ about, provider }: AuditSender, text: string): SenderChallenge | string {
  if (!about.challenge) return 'it asks nothing that is known, or its answer cannot be known'
  const options = (madeOf(provider)?.options ?? {}) as Readonly<Record<string, unknown>>
  const json = JSON.stringify(about.challenge).replaceAll('{text}', text)
  const missing = [...json.matchAll(/\{option:(\w+)\}/g)].find(
    ([, name]) => typeof options[name!] !== 'string',
  )
  if (missing) return `the provider has no ${missing[1]}`
  return JSON.parse(
    json.replaceAll(/\{option:(\w+)\}/g, (_, name: string) =>
      JSON.stringify(options[name]).slice(1, -1),
    ),
  ) as SenderChallenge
}
