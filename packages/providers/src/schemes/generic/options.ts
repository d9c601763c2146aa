/** The options of `generic`, each with a sentence on it. */
export const GENERIC_OPTIONS = {
  secret: 'Signing secret, token or user:password.',
  scheme:
    'hmac, bearer, basic, header-token, query-token, field-token, standard-webhooks, or a scheme as a value.',
  header: 'Header of the signature or the token; for hmac also several.',
  algorithm: 'sha1, sha256, sha384 or sha512. Default sha256.',
  encoding: 'hex, base64 or base64url. Default hex.',
  prefix: 'Text before the signature. Default none.',
  keyEncoding:
    'utf8, hex or base64: how the secret becomes the key; a list, if the sender has changed it. Default utf8.',
  message: 'The signed text, such as v0:{time}:{body}. Default {body} or {time}.{body}.',
  timestampHeader: 'Header of a signed time. Default none.',
  timestampUnit: 's, ms, iso or any. Default s.',
  tolerance: 'Seconds the signed time may be away from now. Default 300.',
  pairs: 'Names of time and signature in one header, as t=…,v1=…. Default none.',
  several: 'Separator of several signatures in one header. Default none.',
  param: 'Query parameter of the token or the signature.',
  field: 'Member of the body that is the token.',
  headers: 'Names of the headers of standard-webhooks. Default webhook-id and so on.',
  id: 'A function that reads the id. Default none.',
  eventIdHeader: 'Header of the id. Default none.',
  eventIdQuery: 'Query parameter of the id. Default none.',
  eventIdField: 'Member of the body that is the id, or a list that is joined by :. Default none.',
  topic: 'The topic of every delivery, or a function that reads it.',
  topicHeader: 'Header of the topic. Default none.',
  topicQuery: 'Query parameter of the topic. Default none.',
  topicField:
    'Member of the body that is the topic, or a list that is joined by dots. Default type.',
  itemsField: 'Member of the body that holds a list of events. Default none.',
  formats:
    'The sent value: json, form, xml, multipart, text, bytes, query. Default: json with eventIdField, else the bytes decide.',
  contentType: 'strict: a Content-Type that contradicts the format is rejected. Default ignore.',
  codings:
    'Content codings that are sent, with the bytes that are signed: { gzip: sent or decoded }. Default gzip, as sent.',
  charsets: 'Charsets of texts and forms. Default utf-8.',
  repeats: 'false: the sender does not sign the same bytes twice on purpose. Default true.',
  methods: 'Methods accepted. Default POST, and GET for tokens.',
  limits: 'Limits of what is sent. Default those of the receiver.',
  retrySpan: 'Milliseconds over which one event is delivered again. Default not known.',
  credentials: 'Headers, query parameters and fields that are not stored. Default none.',
  unauthenticated: 'true accepts deliveries without authentication.',
  name: 'Name of the sender. Default generic.',
} as const
