import { serve } from '@postern/next'

export const GET = serve(async () => ({ status: 200, body: 'up 1\n' }))
