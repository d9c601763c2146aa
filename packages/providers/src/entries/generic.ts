import { generic } from '../generic.ts'
import { FORM_TYPE, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Generic schemes in the catalogue. */
export const genericEntry: CatalogueEntry = {
  name: 'generic',
  title: 'Generic',
  docs: 'https://www.rfc-editor.org/rfc/rfc2104',
  create: generic,
  secretOption: 'secret',
  options: {
    secret: 'Signing secret, token or user:password.',
    scheme: 'hmac, bearer, basic, header-token, query-token, or a scheme as a value.',
    header: 'Header of the signature or the token.',
    algorithm: 'sha1, sha256, sha384 or sha512. Default sha256.',
    encoding: 'hex, base64 or base64url. Default hex.',
    prefix: 'What stands before the signature. Default none.',
    keyEncoding: 'utf8, hex or base64: how the secret becomes the key. Default utf8.',
    timestampHeader: 'Header of a signed time. Default none.',
    timestampUnit: 's or ms. Default s.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
    param: 'Query parameter of the token.',
    eventIdHeader: 'Header of the id. Also eventIdQuery, eventIdField (default id), id.',
    topicHeader: 'Header of the topic. Also topicQuery, topicField (default type), topic.',
    methods: 'Methods taken. Default POST, and GET for tokens.',
    unauthenticated: 'true takes deliveries without authentication.',
    name: 'Name of the sender. Default generic.',
  },
  topics: [],
  handshakes: [],
  contentTypes: [JSON_TYPE, FORM_TYPE, 'application/xml', 'text/plain'],
  canSign: true,
}
