import { createHmac } from 'node:crypto'
import type { Draft, Provider } from '@postern/core/scheme'
import type { HostileCase, Run, Step, Wire } from '../case.ts'
import { TAKEN } from '../case.ts'

export const NOW = Date.UTC(2026, 0, 15, 8)
export const URL_OF_ALL = 'https://example.com/hook'

export function genuine(provider: Provider, draft: Draft = {}): Wire {
  const { method, url, headers, body } = provider.sign!({ at: NOW, url: URL_OF_ALL, ...draft })
  return { method, url, headers: Object.entries(headers), body }
}

export function plain(
  method: string,
  url: string,
  body: string | Uint8Array = '',
  headers: Readonly<Record<string, string>> = {},
): Wire {
  return { method, url, headers: Object.entries(headers), body: Buffer.from(body) }
}

/** Returns an HMAC-SHA256. Attackers capture such values from a delivery or a reply. */
export function mac(
  key: string,
  message: string | Uint8Array,
  encoding: 'hex' | 'base64' = 'hex',
): string {
  return createHmac('sha256', key).update(message).digest(encoding)
}

export function taken(wire: Wire): Step {
  return { wire, status: TAKEN }
}

export function rejected(wire: Wire, status: number, ...code: readonly string[]): Step {
  return { wire, status: [status], ...(code.length > 0 && { code }) }
}

export function attack(
  kind: string,
  name: string,
  provider: () => Provider,
  steps: readonly Step[],
  runs: readonly Run[] = [],
  more: Partial<HostileCase> = {},
): HostileCase {
  return { name, class: kind, provider, now: NOW, steps, runs, ...more }
}
