import { webhook } from '@postern/next'
import { after } from 'next/server'
import { receiver } from '../../../webhooks/receiver'

export const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })
