import { WebhookError, type Delivery } from '@postern/core'
import { type Records } from '@postern/core/inbox'

const MOST = 20
const TRIES = 5

/** Secrets that arrived by handshake. */
export interface RecordedSecrets {
  /** The secrets kept for the URL of a delivery; undefined where there are none. */
  readonly secret: (delivery: Delivery) => Promise<readonly string[] | undefined>
  /** Keeps one more for the URL of its handshake. Throws `inbox_unavailable` where it cannot be kept. */
  readonly keep: (secret: string, delivery: Delivery) => Promise<void>
}

/** Keeps secrets in the records of an inbox, apart by path and query: each process that has the inbox knows them. */
export function recordedSecrets(records: Records, provider: string): RecordedSecrets {
  const find = async (
    key: string,
  ): Promise<{ readonly secrets: readonly string[]; readonly version: number }> => {
    const found = await records.get(key)
    const value = Array.isArray(found?.value) ? found.value : []
    return {
      secrets: value.filter((one): one is string => typeof one === 'string'),
      version: found?.version ?? 0,
    }
  }
  const keyOf = ({ url }: Delivery): string => {
    const { pathname, search } = new URL(url, 'http://localhost')
    return `secrets/${provider}${pathname}${search}`
  }
  return {
    async secret(delivery) {
      const { secrets } = await find(keyOf(delivery))
      return secrets.length === 0 ? undefined : secrets
    },
    async keep(secret, delivery) {
      const key = keyOf(delivery)
      for (let tries = 0; tries < TRIES; tries++) {
        const { secrets, version } = await find(key)
        if (secrets.includes(secret)) return
        // The oldest goes: a webhook that was made anew leaves its old secret behind.
        if (await records.set(key, [...secrets.slice(1 - MOST), secret], version)) return
      }
      throw new WebhookError('inbox_unavailable', 'the secret of a handshake could not be kept')
    },
  }
}
