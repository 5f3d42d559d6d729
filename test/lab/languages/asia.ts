import { parts, two, type Language } from "./language";

/** Japanese, where the states stay in English; in all other words, each character is two columns wide. */
export const ja: Language = {
  codePage: 932,
  qwinstaHeader: ["セッション名", "ユーザー名", "ID", "状態", "種類", "デバイス"],
  quserHeader: ["ユーザー名", "セッション名", "ID", "状態", "アイドル時間", "ログオン時刻"],
  states: {
    active: "Active",
    connected: "Conn",
    "connect-query": "ConnQ",
    shadow: "Shadow",
    disconnected: "Disc",
    idle: "Idle",
    listen: "Listen",
    reset: "Reset",
    down: "Down",
    init: "Init",
  },
  idleNone: "なし",
  logonTime: (time) => {
    const [year, month, day, hour, minute] = parts(time);
    return `${year}/${two(month)}/${two(day)} ${hour}:${two(minute)}`;
  },
  activeCodePage: "現在のコード ページ: {0}",
  error: "エラー",
  errors: {
    5: "アクセスが拒否されました。",
    87: "パラメーターが間違っています。",
    1722: "RPC サーバーを利用できません。",
    7022: "セッション {0} が見つかりません。",
  },
  notRecognized:
    "'{0}' は、内部コマンドまたは外部コマンド、\r\n操作可能なプログラムまたはバッチ ファイルとして認識されていません。",
  noUser: "{0} のユーザーは存在しません",
  noSession: "{0} のセッションは存在しません",
  regNotFound: "エラー: 指定されたレジストリ キーまたは値が見つかりませんでした。",
};

export const zhCn: Language = {
  codePage: 936,
  qwinstaHeader: ["会话名", "用户名", "ID", "状态", "类型", "设备"],
  quserHeader: ["用户名", "会话名", "ID", "状态", "空闲时间", "登录时间"],
  states: {
    active: "运行中",
    connected: "已连接",
    "connect-query": "连接查询",
    shadow: "影子",
    disconnected: "断开",
    idle: "空闲",
    listen: "侦听",
    reset: "重置",
    down: "关闭",
    init: "初始化",
  },
  idleNone: "无",
  logonTime: (time) => {
    const [year, month, day, hour, minute] = parts(time);
    return `${year}/${month}/${day} ${hour}:${two(minute)}`;
  },
  activeCodePage: "活动代码页: {0}",
  error: "错误",
  errors: {
    5: "拒绝访问。",
    87: "参数错误。",
    1722: "RPC 服务器不可用。",
    7022: "找不到会话 {0}。",
  },
  notRecognized: "'{0}' 不是内部或外部命令，也不是可运行的程序\r\n或批处理文件。",
  noUser: "不存在 {0} 的用户",
  noSession: "不存在 {0} 的会话",
  regNotFound: "错误: 系统找不到指定的注册表项或值。",
};
