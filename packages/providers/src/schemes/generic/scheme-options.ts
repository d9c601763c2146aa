import type {
  HashName,
  SignatureEncoding,
  StandardWebhooksHeaders,
  TimestampUnit,
} from '@postern/core/internal'
import type { KeyEncoding, PairsOptions, Scheme } from '@postern/core/scheme'

/** How an unknown sender signs. */
export interface GenericSchemeOptions {
  /** `hmac` and `header-token` need a `header`, `query-token` a `param`, `field-token` a `field`; or a scheme as a value. Needed unless `unauthenticated`. */
  readonly scheme?:
    | 'hmac'
    | 'bearer'
    | 'basic'
    | 'header-token'
    | 'query-token'
    | 'field-token'
    | 'standard-webhooks'
    | Scheme
  /** The header that carries the signature or the token, in any case; `hmac`: several, one of which must match. */
  readonly header?: string | readonly string[]
  /** `hmac`: the hash. @default 'sha256' */
  readonly algorithm?: HashName
  /** `hmac`: how the signature is written; hex in either case. @default 'hex' */
  readonly encoding?: SignatureEncoding
  /** `hmac`: the prefix of the signature, such as `sha256=`. @default '' */
  readonly prefix?: string
  /** `hmac`: how the secret becomes the key; several, if the sender has changed it. @default 'utf8' */
  readonly keyEncoding?: KeyEncoding | readonly KeyEncoding[]
  /** `hmac`: the signed message, such as `v0:{time}:{body}`; several if the sender's pages contradict each other, of which each counts. @default '{body}', or '{time}.{body}' if a time is signed */
  readonly message?: string | readonly string[]
  /** `hmac`: the header of a time that is signed. @default none, the body alone is signed */
  readonly timestampHeader?: string
  /** `hmac`: how that time is written: unix time in `s` or `ms`, an `iso` date, or in `any` of these ways. @default 's' */
  readonly timestampUnit?: TimestampUnit
  /** `hmac`: seconds that time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
  /** `hmac`: reads time and signature out of one header, as `t=…,v1=…`. @default none, the header is the signature */
  readonly pairs?: Pick<PairsOptions, 'separator' | 'groups' | 'time' | 'signature'>
  /** `hmac`: separator of several signatures in one header, one of which must match. @default none, there is one */
  readonly several?: ',' | ' '
  /** `query-token`: the query parameter that carries the token. It reaches access logs: prefer a header. `hmac`: the one that carries the signature, in place of a header. */
  readonly param?: string
  /** `field-token`: the member of the JSON body that is the token; dots lead into objects. */
  readonly field?: string
  /** `standard-webhooks`: names of the headers with id, time and signatures. @default `webhook-id`, `webhook-timestamp`, `webhook-signature` */
  readonly headers?: StandardWebhooksHeaders
}
