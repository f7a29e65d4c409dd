"""The emojis that can be written by name."""

from __future__ import annotations

_TABLE = """
smile 😄 smiley 😃 grin 😁 joy 😂 rofl 🤣 slight_smile 🙂 upside_down 🙃 wink 😉 blush 😊
innocent 😇 heart_eyes 😍 kissing_heart 😘 yum 😋 tongue 😛 zany 🤪 money_mouth 🤑 hug 🤗
thinking 🤔 zipper_mouth 🤐 neutral 😐 expressionless 😑 smirk 😏 unamused 😒 rolling_eyes 🙄
grimacing 😬 relieved 😌 pensive 😔 sleepy 😪 sleeping 😴 mask 😷 sick 🤒 nauseated 🤢 dizzy 😵
exploding_head 🤯 cowboy 🤠 party 🥳 sunglasses 😎 nerd 🤓 confused 😕 worried 😟 frown 🙁
open_mouth 😮 astonished 😲 flushed 😳 pleading 🥺 fearful 😨 cry 😢 sob 😭 scream 😱
disappointed 😞 sweat 😓 tired 😫 yawn 🥱 triumph 😤 rage 😡 angry 😠 skull 💀 poop 💩 ghost 👻
alien 👽 robot 🤖 cat 🐱 dog 🐶 wave 👋 ok_hand 👌 v ✌️ crossed_fingers 🤞 point_left 👈
point_right 👉 point_up 👆 point_down 👇 thumbsup 👍 +1 👍 thumbsdown 👎 -1 👎 fist ✊ clap 👏
raised_hands 🙌 open_hands 👐 handshake 🤝 pray 🙏 writing ✍️ muscle 💪 eyes 👀 brain 🧠
facepalm 🤦 shrug 🤷 heart ❤️ orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙
purple_heart 💜 broken_heart 💔 hundred 💯 boom 💥 sparkles ✨ star ⭐ fire 🔥 zap ⚡ sun ☀️
cloud ☁️ rain 🌧️ snow ❄️ rainbow 🌈 tada 🎉 gift 🎁 trophy 🏆 medal 🏅 coffee ☕ tea 🍵 beer 🍺
wine 🍷 cake 🍰 pizza 🍕 apple 🍎 rose 🌹 tree 🌳 rocket 🚀 car 🚗 train 🚆 bike 🚲 plane ✈️
house 🏠 phone 📱 computer 💻 bulb 💡 book 📖 pencil ✏️ calendar 📅 clock 🕒 lock 🔒 key 🔑 mag 🔍
link 🔗 bell 🔔 music 🎵 check ✅ cross ❌ question ❓ exclamation ❗ warning ⚠️ stop 🛑
recycle ♻️ bug 🐛 wrench 🔧 hammer 🔨 package 📦
"""

_WORDS = _TABLE.split()
EMOJI: dict[str, str] = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
"""By name."""
