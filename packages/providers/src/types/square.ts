import type { serialization } from 'square'
import type { Installed } from '../common/absent.ts'

/**
 * Topics of Square with their payloads, from the optional peer dependency `square`. Members are named as in the JSON
 * (`event_id`), not as in Square's client (`eventId`).
 *
 * @example
 * const receiver = createReceiver({ provider: square<SquareEvents>({ signatureKey }) })
 * receiver.on('payment.updated', (event) => console.log(event.payload.data?.object?.payment?.id))
 */
export type SquareEvents = Installed<keyof Sdk, 'square', Regular & Named>

type Sdk = typeof serialization

// The SDK has types of events but no list of topics, so a type's name is made from the topic: `PaymentUpdatedEvent`
// from `payment.updated`. If the installed version lacks the type, the map lacks the topic.
type Regular = {
  readonly [T in Topic as `${Pascal<T>}Event` extends keyof Sdk ? T : never]: Sent<
    T,
    `${Pascal<T>}Event`
  >
}
type Named = {
  readonly [T in keyof Names as Names[T] extends keyof Sdk ? T : never]: Sent<T, Names[T]>
}

type Sent<T extends string, Name extends string> = Name extends keyof Sdk
  ? Sdk[Name] extends { json: (parsed: unknown) => infer Result }
    ? Extract<Result, { ok: true }> extends { value: infer Raw }
      ? Omit<Raw, 'type'> & { readonly type: T }
      : never
    : never
  : never

type Pascal<S extends string> = S extends `${infer Head}.${infer Tail}`
  ? `${Pascal<Head>}${Pascal<Tail>}`
  : S extends `${infer Head}_${infer Tail}`
    ? `${Capitalize<Head>}${Pascal<Tail>}`
    : Capitalize<S>

type Change = 'created' | 'deleted' | 'updated'

type Topic =
  | `${Changing}.${Change}`
  | `${'booking' | 'customer' | 'location' | 'merchant' | 'order'}.custom_attribute${'' | '_definition'}.${'owned' | 'visible'}.${Change}`
  | `customer.custom_attribute${'' | '_definition'}.${Change}`
  | `bank_account.${'created' | 'disabled' | 'verified'}`
  | `card.${'automatically_updated' | 'disabled' | 'forgotten'}`
  | `dispute.${'evidence.added' | 'evidence.removed' | 'state.changed'}`
  | `gift_card.${'customer_linked' | 'customer_unlinked'}`
  | `invoice.${'canceled' | 'payment_made' | 'published' | 'refunded' | 'scheduled_charge_failed'}`
  | `payout.${'failed' | 'paid' | 'sent'}`
  | 'device.code.paired'
  | 'labor.scheduled_shift.published'
  | 'oauth.authorization.revoked'

type Changing =
  | 'booking'
  | 'card'
  | 'catalog.version'
  | 'customer'
  | 'device'
  | 'dispute'
  | 'dispute.evidence'
  | 'dispute.state'
  | 'gift_card'
  | 'gift_card.activity'
  | 'inventory.count'
  | 'invoice'
  | 'job'
  | `labor.${'scheduled_shift' | 'shift' | 'timecard'}`
  | 'location'
  | `loyalty.${'account' | 'event' | 'program' | 'promotion'}`
  | 'order'
  | 'order.fulfillment'
  | 'payment'
  | 'refund'
  | 'subscription'
  | 'team_member'
  | 'team_member.wage_setting'
  | `terminal.${'action' | 'checkout' | 'refund'}`
  | 'transfer_order'
  | 'vendor'

interface Names {
  readonly 'customer.custom_attribute.public.deleted': 'CustomerCustomAttributeDeletedPublicEvent'
  readonly 'customer.custom_attribute.public.updated': 'CustomerCustomAttributeUpdatedPublicEvent'
  readonly 'customer.custom_attribute_definition.public.created': 'CustomerCustomAttributeDefinitionCreatedPublicEvent'
  readonly 'customer.custom_attribute_definition.public.deleted': 'CustomerCustomAttributeDefinitionDeletedPublicEvent'
  readonly 'customer.custom_attribute_definition.public.updated': 'CustomerCustomAttributeDefinitionUpdatedPublicEvent'
  readonly 'online_checkout.location_settings.updated': 'LocationSettingsUpdatedEvent'
  readonly 'online_checkout.merchant_settings.updated': 'MerchantSettingsUpdatedEvent'
}
