/** Secret between sender and victim. */
export const SECRET = 'a secret of the crash runs'

/** Secret between a victim that forwards and its destinations. */
export const FORWARD_SECRET = `whsec_${Buffer.alloc(24, 'forward').toString('base64')}`
