import { webhook } from '@postern/next'
import { after } from 'next/server'
import { receiver } from '../../inspected'

export const { POST } = webhook(receiver, { after })
