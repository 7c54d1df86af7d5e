"""The words issuers use, in Chinese and English, as alternatives of RE2 patterns.

Longer words stand before those they begin with, because the first that fits is taken.
"""

from __future__ import annotations

IGNORED = (
    "余额不足|餘額不足|低于|不足|(?:消费|交易|充值|支付|扣款)?(?:前|上次)余额|原余额|备付金余额|积分余额"
    "|累计消费|累计充值|本月消费|今日累计|共消费|赠送|赠|优惠|立减|减免|折扣|(?:券|积分|红包)抵扣|返券|手续费|服务费"
    "|押金|限额|额度|应还|还款|账单|原价|票价|票款|票面|房租|订单金额|起送|奖金|单价|积分|满"
    "|balance before|previous balance|old balance|fee|discount|limit|due|saved?|off|bonus"
    "|rewards?|points|minimum(?: payment)?|at least|below|under|order total|total spent|price|worth"
)
"""An amount beside one of these is no movement and no balance."""

BALANCE = (
    "(?:卡内?|账户|储值|储值卡|可用|当前|现|最新|剩余|活期|帐户|电子现金|钱包|本金)?(?:总)?(?:余额|餘額|结余|結餘)"
    "|剩余(?:金额|储值|可用)?|可用(?:金额|储值)|卡内(?:金额|还有|还剩|剩)|还剩|尚余|当前(?:金额|储值)|余"
    "|(?:available|avail|avbl|avl|remaining|current|new|card|account|closing|ending|updated)?"
    r" ?\b(?:balance|bal)\b\.?|\bremaining|\bremains|\bleft\b|available"
)

OF_CARD = "卡余额|卡内余额|卡内金额|卡内还有|卡内还剩|card balance"
"""Where two balances are given, this one is the card's."""

REFUNDED = (
    "退款|退货|退回|退还|冲正|返还|撤销|退費|退费|退款金额"
    r"|\brefund(?:ed|s)?\b|\breturned\b|\breversed\b|\breversal\b"
)

ADDED = (
    "充值金额|充值|存入|收入|到账|入账|转入|圈存|储值金额|成功储值|储值成功|续费|加值|增值|存款|汇入"
    "|补助|入金"
    r"|\b(?:auto )?(?:re)?load(?:ed)?\b|\btop(?:ped)?[ -]?up\b|\badded\b|\bcredit(?:ed)?\b"
    r"|\bdeposit(?:ed)?\b|\brecharged?\b|\breceived\b|\bloaded\b"
)

PAID = "实付|实际支付|实收|实扣|实际扣款|you paid|amount paid|total paid"
"""Where two amounts were spent, this one counts: the other is before a discount."""

SPENT = (
    PAID + "|消费金额|消费|消費|支出|支付|付款|扣款|扣费|扣費|扣除|扣减|扣取|扣|刷卡|刷|已使用|使用"
    "|抵扣|已用|用掉|加油|乘车|乘坐|通行|购物|购买|就餐|用餐|划扣|代扣|取现|缴费"
    r"|\bspent\b|\bcharged?\b|\bpaid\b|\bpurchased?\b|\bpayment\b|\bdeducted\b"
    r"|\bdebit(?:ed)?\b|\bused\b|\bwithdrawn\b|\bwithdrawal\b|\bredeemed\b|\bredemption\b"
    r"|\bfare\b|\btransaction\b|\btxn\b|\bsale\b"
)

AMOUNT = r"交易金额|变动金额|发生额|金额|交易|\bamount\b|\bamt\b"
"""It says that money moved; which way stands elsewhere, or in a sign."""

DONE_THERE = "乘|发生|进行|成功|消费|支付|使用|扣|刷卡|支出|购|加油|通行|就餐|用餐|充值|有一笔"
AFTER_PLACE = r"(?: (?i:on|using|with|for|was|has|via|at)\b|[;,\n]|\.(?: |$)|$)"
"""Behind "在 (a place)" and "at (a place)"."""

TAIL = "尾[号號]|尾數|尾数|[末后後][四4三3六6][位碼码]数?"

CARD = (
    "卡|账户|帐户|一卡通|储值|会员|钱包"
    r"|(?i:\b(?:gift|member|campus|fuel|prepaid|store|meal|transit|travel|loyalty)?[ -]?cards?\b)"
    r"|(?i:\baccount\b|\bacct\b|\bwallet\b)"
)

NOT_SO = (
    "验证码|校验码|动态码|动态密码|确认码|正在|失败|未成功|不成功|被拒|拒绝|账单|应还|还款|最低还款"
    "|待支付|待付款|未支付|即将|将于|将自动|将从|将被|预计|已提交|申请|中奖|贷|登录|激活|挂失|锁定"
    "|冻结|如需|请先|预授权|截止|可将|可领|可享|可获|可用于|可分|处理中|审核|达标|每期|分期|起售"
    "|购买的|发货|我(?:[^行司店们市院校会馆部处]|$)|咱|帮我|吗|呢[?]?$|吧[?!。]?$|了么[?]|多少"
    r"|(?i:\bcode\b|\botp\b|\bpasscode\b|\bpin\b|declined|failed|unsuccessful|rejected|not approved"
    r"|\bstatement\b|\bdue\b|\bwill\b|\bearn\b|\bhold\b|under review|authori[sz]ation|scheduled"
    r"|upcoming|pending|attempt|reply yes|suspended|locked|blocked|pre-?approved|\bloan\b|\bwon\b"
    r"|\bwin\b|\bclaim\b|\bverify\b|\bif you\b|\bto pay\b|\bapply\b|\bi\b|\bi'[a-z]+|\bmy\b|\bme\b)"
)
"""Then it has not happened, or is no issuer's word."""

DOUBTFUL = (
    "请|取消|上限|到期|可|将|如|若|申请|受理|定投|包裹|订单|年费|抽奖|[?]"
    r"|(?i:\bcan\b|\bcould\b|\bmay\b|cancel|\bdid\b|\bwhen\b|\bwould\b|\bif\b|\bover\b|\bup to\b"
    r"|request|\bsplit\b|\btip\b|\bget\b|\beach\b|\boffer\b|dispute|\border\b|\bplease\b|\bfree\b)"
)
"""Without a balance beside it, an amount in such a text may be what could be, not what was."""
