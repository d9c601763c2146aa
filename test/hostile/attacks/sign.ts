import { createHmac } from 'node:crypto'
import type { Draft, Provider } from '@postern/core/scheme'
import type { HostileCase, Run, Step, Wire } from '../case.ts'
import { TAKEN } from '../case.ts'

/** When the attacks happen. */
export const NOW = Date.UTC(2026, 0, 15, 8)
export const URL_OF_ALL = 'https://example.com/hook'

/** A delivery that the provider itself signed. */
export function genuine(provider: Provider, draft: Draft = {}): Wire {
  const { method, url, headers, body } = provider.sign!({ at: NOW, url: URL_OF_ALL, ...draft })
  return { method, url, headers: Object.entries(headers), body }
}

/** A request that nobody signed. */
export function plain(
  method: string,
  url: string,
  body: string | Uint8Array = '',
  headers: Readonly<Record<string, string>> = {},
): Wire {
  return { method, url, headers: Object.entries(headers), body: Buffer.from(body) }
}

/** An HMAC-SHA256, as an attacker has it who captured a delivery or an answer. */
export function mac(
  key: string,
  message: string | Uint8Array,
  encoding: 'hex' | 'base64' = 'hex',
): string {
  return createHmac('sha256', key).update(message).digest(encoding)
}

/** A step that is taken. */
export function taken(wire: Wire): Step {
  return { wire, status: TAKEN }
}

/** A step that is rejected with that code. */
export function rejected(wire: Wire, status: number, ...code: readonly string[]): Step {
  return { wire, status: [status], ...(code.length > 0 && { code }) }
}

/** A case of that class, at that time. */
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
