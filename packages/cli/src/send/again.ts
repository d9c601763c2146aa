import { readStart } from '@postern/core/internal'
import type { Provider, SignableRequest } from '@postern/core/scheme'
import { exportDelivery, fromDelivery } from '@postern/samples'
import { Failure } from '../print/say.ts'

/** A delivery that was received before, as it was stored. */
export interface PastDelivery {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** Signs a past delivery again, for another URL and the current time. */
export async function signedAgain(
  delivery: PastDelivery,
  provider: Provider,
  url: string,
): Promise<SignableRequest> {
  const receivedAt = Date.now()
  const exported = exportDelivery(provider.name, { ...delivery, url, receivedAt })
  const request = fromDelivery(exported, provider)
  const body = Uint8Array.from(await readStart(request.body, Infinity))
  return { url, method: request.method, headers: Object.fromEntries(request.headers), body }
}

/** Replaces the event id in a delivery's headers and body. Longer values that contain the id stay unchanged. */
export function withEventId<Delivery extends PastDelivery>(
  delivery: Delivery,
  old: string | undefined,
  id: string,
): Delivery {
  if (old === undefined) throw new Failure(2, 'the event has no id that could be another one')
  const { headers, body } = delivery
  const bytes = (value: string): string => Buffer.from(value).toString('latin1')
  // The id as a JSON string, as a value of a form, or as text in XML.
  const forms = (value: string): readonly string[] => [`"${value}"`, `=${value}&`, `>${value}<`]
  const next = forms(bytes(id))
  const text = Buffer.from(body).toString('latin1')
  const changed = forms(bytes(old)).reduce((all, form, at) => all.replaceAll(form, next[at]!), text)
  if (changed === text && headers.every(([, value]) => value !== old))
    throw new Failure(
      2,
      `the id ${old} is made of several values of the delivery, so that it cannot be another one`,
    )
  const lines = headers.map(([name, value]) => [name, value === old ? id : value] as const)
  return { ...delivery, headers: lines, body: Uint8Array.from(Buffer.from(changed, 'latin1')) }
}
