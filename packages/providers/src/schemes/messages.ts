import type { Draft } from '@postern/core/scheme'

/** Headers and body of a Standard Webhooks message, for providers that keep to it. */
export function composeMessage(
  { topic = 'message', id, payload, at = Date.now() }: Draft,
  prefix: string,
): { headers: Record<string, string>; body?: string } {
  return {
    headers: { [`${prefix}id`]: id ?? `msg_${crypto.randomUUID().replaceAll('-', '')}` },
    ...(isObject(payload ?? {}) && {
      body: JSON.stringify({
        type: topic,
        timestamp: new Date(at).toISOString(),
        ...(payload as object),
      }),
    }),
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
