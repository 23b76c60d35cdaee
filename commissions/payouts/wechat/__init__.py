"""WeChat Pay profit sharing (API v3) as a rail: a payout is laid over payments that shoppers made, and each part is
an order under a number of ours (docs/adr: payouts by WeChat Pay are laid over payments).

`rail.WeChat` is what the task works; `accounts` and `receivers` keep who pays and who is paid, `returning` asks a
merchant's share back, `notices` takes what the rail tells by itself.
"""
