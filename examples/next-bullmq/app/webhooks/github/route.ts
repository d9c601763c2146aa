import { hotReloadable, webhook } from '@postern/next'
import { makeReceiver } from '../../../lib/receiver'

const receiver = hotReloadable('github', () => makeReceiver().receiver)

export const { GET, POST, HEAD, OPTIONS } = webhook(receiver)
