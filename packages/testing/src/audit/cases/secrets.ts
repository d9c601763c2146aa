import type { AuditCase } from '../case.ts'
import type { AuditSender } from '../sender.ts'
import { skipUnless } from './authentic.ts'
import { FORGED } from './signatures.ts'

/** Deliveries signed with what a receiver has in place of its secret if nobody set it. */
export function secretCases(sender: AuditSender): readonly AuditCase[] {
  const wrong = (id: string, what: string, texts: readonly string[]): AuditCase => {
    const usable = texts.filter((text) => canSign(sender, text))
    return {
      id: `forged/secret-${id}`,
      class: 'forged',
      severity: 'critical',
      what,
      sends: () => usable.map((text) => [sender.signedWith(sender.sign(), text)]),
      expects: { reply: 'refused', effects: 0 },
      why: 'Who forgets to set the secret has a receiver that takes what everybody can sign.',
      remedy: 'secret',
      ...skipUnless(usable.length > 0, 'no key of this sender can be made of such a text'),
    }
  }
  return [
    {
      id: 'forged/secret-other',
      class: 'forged',
      severity: 'critical',
      what: 'a delivery signed with another secret',
      sends: () => [[sender.sign({}, sender.other)]],
      expects: { reply: 'refused', effects: 0 },
      why: FORGED,
      remedy: 'verify',
      ...skipUnless(sender.other !== undefined, 'no other secret of its form can be made up'),
    },
    wrong('empty', 'a delivery signed with an empty secret', ['']),
    wrong('undefined', 'a delivery signed with the word undefined, null or None', [
      'undefined',
      'null',
      'None',
    ]),
    wrong('placeholder', 'a delivery signed with what examples have in place of a secret', [
      'secret',
      'changeme',
      '<your-secret>',
      'whsec_...',
      'your_webhook_secret',
    ]),
  ]
}

function canSign(sender: AuditSender, secret: string): boolean {
  const { place } = sender.about
  // A signature in the body is part of what would be signed again.
  if (!sender.facts.place || (place && 'field' in place)) return false
  if (sender.secrets.includes(secret)) return false
  try {
    sender.signedWith(sender.sign(), secret)
    return true
  } catch {
    return false
  }
}
