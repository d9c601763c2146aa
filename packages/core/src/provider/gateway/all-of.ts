import type { Delivery } from '../../delivery.ts'
import type { EventMap } from '../../event.ts'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { checkProviders, madeAgain } from '../made.ts'
import type { Clock, Provider, Result, Verified } from '../provider.ts'
import { joinCredentials } from '../scheme.ts'

/**
 * Creates a provider for a sender behind an edge check, such as Cloudflare Access. Both `access` and `inner` must
 * verify each delivery. `access` must accept each delivery and each challenge first. Until then, `inner` verifies,
 * answers, fetches and stores nothing. The events, ids, keys, reply and name are those of `inner`. The edge must
 * forward requests unchanged; for a gateway that signs instead of the sender, use `behind`. `explain` names the
 * provider that rejects.
 *
 * @throws TypeError if `access` is an unauthenticated provider.
 *
 * @example
 * const provider = allOf(cloudflareAccess({ team: 'acme', audience }), github({ secret }))
 */
export function allOf<Events extends EventMap>(
  access: Provider,
  inner: Provider<Events>,
): Provider<Events> {
  checkProviders('allOf', { access, inner }, 'github({ secret })')
  if (access.unauthenticated)
    throw new TypeError(
      `allOf: access must authenticate requests, got ${access.name} without authentication; give it a secret or leave allOf out`,
    )
  const trusted = [...(access.trusted ?? []), ...(inner.trusted ?? [])]
  const { greet, reply, sign } = inner
  const greeted = new WeakSet<Delivery>()
  const accepted = new WeakSet<Delivery>()
  const enter = (delivery: Delivery, clock: Clock): MaybePromise<void> => {
    const passing = access.verify(delivery, clock)
    if (isPromise(passing)) return passing.then(() => void accepted.add(delivery))
    accepted.add(delivery)
  }
  const { proves: _inner, sign: _key, ...rest } = inner
  const both = {
    ...rest,
    ...madeAgain(inner, (again) => allOf(access, again)),
    proofs: [...(access.proofs ?? [access]), ...(inner.proofs ?? [inner])],
    credentials: joinCredentials(access.credentials, inner.credentials),
    signatures: [...(access.signatures ?? []), ...(inner.signatures ?? [])],
    reads: (delivery: Delivery) => [access, inner].flatMap((one) => one.reads?.(delivery) ?? []),
    ...(trusted.length > 0 && { trusted }),
    admit(head: Delivery, clock: Clock): void {
      access.admit?.(head, clock)
      if (access.proves) inner.admit?.(head, clock)
    },
    proves: access.proves === true && inner.proves === true,
    verify(delivery: Delivery, clock: Clock): MaybePromise<Verified | void> {
      // `greet` has already called `access.verify` for this delivery. A second call would reject a one-time token.
      const entering = greeted.delete(delivery) ? undefined : enter(delivery, clock)
      return isPromise(entering)
        ? entering.then(() => inner.verify(delivery, clock))
        : inner.verify(delivery, clock)
    },
    ...(greet && {
      async greet(delivery: Delivery, clock: Clock) {
        await enter(delivery, clock)
        greeted.add(delivery)
        return greet(delivery, clock)
      },
    }),
    ...(reply && {
      reply: (result: Result, delivery: Delivery) =>
        accepted.has(delivery) ? reply(result, delivery) : undefined,
    }),
    ...(sign &&
      access.sign && {
        sign: (draft: Parameters<typeof sign>[0]) => {
          const { at } = draft
          return access.sign!({ ...sign(draft), ...(at !== undefined && { at }) })
        },
      }),
  }
  return both as Provider<Events>
}
