import { reloadable, webhook } from '@postern/next'
import { makeReceiver } from '../../../lib/receiver'

const receiver = reloadable('github', () => makeReceiver().receiver)

export const { GET, POST, HEAD, OPTIONS } = webhook(receiver)
