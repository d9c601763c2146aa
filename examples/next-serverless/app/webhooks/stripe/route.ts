import { webhook } from '@postern/next'
import { receiver } from '../../../webhooks/receiver'

export const { GET, POST, HEAD, OPTIONS } = webhook(receiver)
