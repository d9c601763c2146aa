export const SECRET = 'a secret of the crash runs'

export const FORWARD_SECRET = `whsec_${Buffer.alloc(24, 'forward').toString('base64')}`
