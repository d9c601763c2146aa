import { webhook } from '@postern/next'
import { receiver } from '../../../lib/receiver'

export const { GET, POST, HEAD, OPTIONS } = webhook(receiver)
