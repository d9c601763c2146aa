import type { Explanation } from '@postern/core/explain'
import { claimText, lasting, shortId, timeOf } from '../print/style.ts'
import { shown, styled } from '../print/terminal.ts'
import type { Entry } from './entry.ts'

export function lineOf(entry: Omit<Entry, 'delivery'>, name: string): string {
  const { at, status, took, events, claims, outcome, code, reason, explanation } = entry
  const sign = status < 300 ? styled('green', '●') : styled('red', '⊘')
  const topics = events
    .map(({ topic, id }) => `${shown(topic, 60)}  ${shortId(id ?? '')}`.trimEnd())
    .join(', ')
  const why =
    provenOf(explanation) ?? rejectionOf(code, reason) ?? (outcome === 'accepted' ? '' : outcome)
  const parts = [
    timeOf(at),
    `${sign} ${status}`,
    lasting(took).padEnd(6),
    name,
    topics || claimText(claims),
    why,
  ]
  return parts.filter((part) => part !== '').join('  ')
}

function rejectionOf(code: string | undefined, reason: string | undefined): string | undefined {
  if (code === undefined) return undefined
  return reason === undefined ? code : `${code}: ${shown(reason)}`
}

function provenOf(explanation: Explanation | undefined): string | undefined {
  const causes = explanation?.findings
    .filter(({ certainty }) => certainty === 'proven')
    .map(({ cause }) => cause)
  return causes && causes.length > 0 ? `proven: ${causes.join(' + ')}` : undefined
}
