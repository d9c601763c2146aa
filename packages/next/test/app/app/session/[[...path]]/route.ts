import { inspector } from '@postern/inspector/next'
import { cookies } from 'next/headers'
import { redirect } from 'next/navigation'
import { inbox } from '../../../inspected'

export const { GET, HEAD, POST } = inspector({
  inbox: () => inbox,
  auth: async () => {
    const user = (await cookies()).get('user')?.value
    if (user === undefined) redirect('/login')
    return { allow: 'read', as: user }
  },
})
