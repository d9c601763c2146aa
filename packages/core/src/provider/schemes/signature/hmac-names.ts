/** Hash functions senders use under HMAC (RFC 2104). */
export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** How senders write signatures. */
export type SignatureEncoding = 'hex' | 'base64' | 'base64url'
