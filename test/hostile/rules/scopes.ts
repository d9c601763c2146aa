import type { TenantSecrets } from '@postern/core'
import type { RulePart } from './rule.ts'
import { everywhere, from, tenantsOn } from './tenants.ts'

const KEY = 'the key of one tenant'

export const scopes: RulePart = {
  rule: '9',
  title: 'the tenant comes from the look-up',
  open: (inboxes, every) =>
    everywhere(
      inboxes,
      {
        async 'one captured delivery under other spellings of its tenant'(host, inbox, name) {
          const { receiver, accepted } = tenantsOn(inbox, name, (tenant) =>
            tenant.toLowerCase() === 'acme' ? { tenant: 't1', secrets: KEY } : undefined,
          )
          host.use(receiver)
          for (const spelling of ['acme', 'ACME', 'Acme', 'aCme'])
            await host.send(from(spelling, KEY, 'one'))
          await receiver.close()
          return accepted() === 1 ? undefined : `${accepted()} events were taken`
        },
        async 'a key is changed'(host, inbox, name) {
          let secrets: readonly string[] = [KEY]
          const { receiver, forget, accepted } = tenantsOn(inbox, name, () => ({
            tenant: 't1',
            secrets,
          }))
          host.use(receiver)
          await host.send(from('acme', KEY, 'one'))
          secrets = ['a new key of the tenant']
          forget('acme')
          const { status } = await host.send(from('acme', secrets[0]!, 'one'))
          await receiver.close()
          if (status !== 200) return `the redelivery got ${status}`
          return accepted() === 1 ? undefined : `${accepted()} events were taken`
        },
        async 'a look-up that returns secrets alone'(host, inbox, name) {
          const bare = (): TenantSecrets => KEY as unknown as TenantSecrets
          const { receiver } = tenantsOn(inbox, name, bare)
          host.use(receiver)
          const { status, body } = await host.send(from('acme', KEY, 'one'))
          await receiver.close()
          const isRight = status === 503 && body.includes('"secret_unavailable"')
          return isRight ? undefined : `it got ${status} ${body}`
        },
      },
      every,
    ),
}
