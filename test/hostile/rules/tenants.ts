import { perTenant, type Receiver, type TenantSecrets } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { generic } from '@postern/providers/generic'
import type { Wire } from '../case.ts'
import { hosts, type Host } from '../hosts.ts'
import { onEach, takingAll, type Inboxes } from './inboxes.ts'
import type { OpenPart } from './rule.ts'

const given = (secret: string | ReturnType<typeof perTenant>) =>
  generic({ secret, scheme: 'hmac', header: 'x-signature', eventIdField: 'id' })

/** Creates a receiver of many tenants. The first path segment names the tenant. */
export function tenantsOn(
  inbox: Inbox,
  name: string,
  secrets: (tenant: string) => TenantSecrets | undefined,
): {
  readonly receiver: Receiver
  readonly forget: (tenant: string) => void
  readonly accepted: () => number
} {
  const secret = perTenant({
    claimedTenant: ({ url }) => new URL(url).pathname.split('/')[1],
    secrets: async (tenant) => secrets(tenant),
    perMinute: 30,
  })
  let accepted = 0
  const observers = [{ accepted: () => void accepted++ }]
  const receiver = takingAll({ name, provider: given(secret), inbox, observers })
  return { receiver, forget: (tenant) => secret.forget(tenant), accepted: () => accepted }
}

export function from(tenant: string, key: string, id: string): Wire {
  const url = `https://example.com/${tenant}`
  const { method, headers, body } = given(key).sign!({ url, payload: { id, type: 'a' } })
  return { method, url, headers: Object.entries(headers), body }
}

/** Attempt on a host and an inbox. `name` is the name of a new receiver. */
export type Try = (host: Host, inbox: Inbox, name: string) => Promise<string | undefined>

/**
 * Runs each attempt on hosts and inboxes. A host passes a delivery on before an inbox is used. So unless `every` is
 * set, each host runs with the inbox in memory, and two hosts run with each other inbox.
 */
export async function everywhere(
  inboxes: Inboxes,
  tries: Readonly<Record<string, Try>>,
  every: boolean,
): Promise<OpenPart> {
  const opened: Host[] = []
  for (const { open } of hosts) opened.push(await open())
  const { cases, close } = await onEach(inboxes, (inbox, kind, own) =>
    opened
      .filter((_, at) => every || kind === 'memory' || at < 2)
      .flatMap((host) =>
        Object.entries(tries).map(([name, play]) => ({
          name,
          at: host.name,
          sender: 'generic',
          run: () => play(host, inbox, own()),
        })),
      ),
  )
  return {
    cases,
    async close() {
      for (const host of opened) await host.close()
      await close!()
    },
  }
}
