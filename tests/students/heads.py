"""Thirty heads as schools and offices write them, each column with what it means.

Written from the habits of such forms, not from our table of similar heads: groups of columns are
`head=field`, `head` alone is one to be kept as extra. A space inside a head is written `_`, a line
break `|`.
"""

VARIANTS = {
    "小学班主任手工表": "序号 姓_名=name 性_别=sex 民_族=ethnicity 出生年月=birth_date"
    " 身份证号=id_number 家庭住址 家长姓名 联系电话 备_注",
    "学区汇总表": "序号 学校=school 年级=grade 班级=class 学生姓名=name 性别=sex"
    " 身份证号码=id_number 学籍号=student_no 是否住校=boarding 备注",
    "带星号的必填项": "*学校名称=school *年级=grade *班级=class *姓名=name *性别=sex"
    " *身份证件号=id_number *身份证件类型=id_type 学籍号=student_no 监护人 监护人电话",
    "带括号说明": "姓名（必填）=name 性别（男/女）=sex 出生日期（如20130831）=birth_date"
    " 身份证号（18位）=id_number"
    " 民族（全称）=ethnicity 就读学校（全称）=school 年级（如三年级）=grade"
    " 是否寄宿（是/否）=boarding",
    "带编号": "1.姓名=name 2.性别=sex 3.民族=ethnicity 4.出生日期=birth_date 5.身份证号码=id_number"
    " 6.学籍号=student_no 7.就读学校=school 8.就读年级=grade 9.所在班级=class",
    "带重点符号": "※学生姓名=name ※身份证号码=id_number"
    " ★学籍号=student_no 性别=sex ※就读学校=school"
    " ※年级=grade 班级=class 联系方式",
    "顿号合并年级班级": "序号 姓名=name 性别=sex 出生年、月=birth_date 身份证号码=id_number"
    " 所在学校=school 年级、班级=grade_and_class 户籍地址",
    "年级班级合一": "序号 学校全称=school 所在年级及班级=grade_and_class 学生姓名=name"
    " 学生性别=sex 学生身份证号=id_number 全国学籍号=student_no 民族=ethnicity 是否住宿生=boarding",
    "学籍系统导出": "学籍号=student_no 学籍辅号 姓名=name 性别=sex 出生日期=birth_date"
    " 身份证件类型=id_type 身份证件号=id_number"
    " 民族=ethnicity 学校标识码=school_code 学校名称=school"
    " 年级名称=grade 班级名称=class 就读方式=boarding_mode 是否留守儿童=category:left_behind_edu",
    "换行的表头": "学校|名称=school 学生|姓名=name 身份证|号码=id_number 出生|年月日=birth_date"
    " 是否|寄宿=boarding 是否|留守|儿童=category:left_behind_edu 家庭|住址",
    "资助摸底表": "序号 学校=school 年级=grade 姓名=name 身份证号=id_number"
    " 是否脱贫户=category:lifted_household 是否监测户=category:monitored_household"
    " 是否低保=category:subsistence_allowance 是否特困供养=category:extreme_hardship"
    " 是否孤儿=category:orphan 是否残疾=category:disabled 开户行 银行卡号",
    "资助受助学生表": "受助学生姓名=name 受助学生身份证号=id_number"
    " 学校=school 年级=grade 班级=class"
    " 家庭经济困难类型=category_list 资助金额 开户人姓名 银行卡号",
    "建档立卡学生台账": "序号 姓名=name 性别=sex 身份证号码=id_number 学籍号=student_no"
    " 就读学校=school 所在年级=grade 建档立卡户=category:lifted_household 户主姓名 与户主关系"
    " 乡镇 行政村",
    "控辍保学台账": "序号 乡镇 村 学生姓名=name 性别=sex 出生年月=birth_date 身份证号=id_number"
    " 学籍号=student_no 现就读学校=school 现就读年级=grade 是否残疾儿童=category:disabled"
    " 是否辍学 辍学时间 劝返措施 包保责任人",
    "留守儿童花名册": "序号 学校=school 年级=grade 班级=class 留守儿童姓名=name 性别=sex"
    " 身份证号=id_number 留守类型 父亲姓名"
    " 父亲务工地点 母亲姓名 母亲务工地点 监护人姓名 监护人电话",
    "随迁子女登记表": "编号 学生姓名=name 性别=sex 出生日期=birth_date 身份证号码=id_number"
    " 就读学校=school 年级=grade"
    " 班级=class 是否随迁子女=category:migrant_child 户籍所在地 居住证编号",
    "残疾儿童少年": "序号 姓名=name 性别=sex 身份证号=id_number 残疾证号=disability"
    " 残疾类别=disability 残疾等级=disability 就读学校=school 年级=grade 安置方式 监护人 备注",
    "残联反馈表": "残疾人姓名=name 性别=sex 公民身份号码=id_number 残疾人证号=disability"
    " 残疾类别=disability 残疾等级=disability 户籍地 教育状况",
    "民政孤儿名单": "序号 儿童姓名=name 性别=sex 出生日期=birth_date 身份证号码=id_number"
    " 儿童类别=category_list 所在乡镇=school_township 就读学校=school 监护人姓名 监护人与儿童关系",
    "寄宿生名册": "序号 年级=grade 班级=class 姓名=name 性别=sex 身份证号=id_number"
    " 住宿情况=boarding_mode 宿舍号 床位号 家长电话",
    "营养餐名册": "学校名称=school 年级=grade 班级=class 学生姓名=name 性别=sex"
    " 身份证件号码=id_number 学籍号码=student_no 家长签字",
    "中职新生": "序号 姓名=name 性别=sex 民族=ethnicity 身份证号码=id_number 学籍号=student_no"
    " 专业 入学年月 年级=grade 班级=class 就学方式=boarding_mode 毕业学校 联系电话",
    "初中分班": "考号 姓名=name 性别=sex 毕业小学 班级=class 身份证号=id_number 总分 住校=boarding",
    "幼升小登记": "幼儿姓名=name 幼儿性别=sex 幼儿出生日期=birth_date 幼儿身份证号=id_number"
    " 民族=ethnicity 户口所在地 房产地址 父亲姓名 父亲电话 母亲姓名 母亲电话",
    "教学点名册": "教学点名称 姓名=name 男/女=sex 出生年月日=birth_date 身份证=id_number"
    " 年级=grade 学籍编号=student_no 路程（公里）",
    "送教上门": "序号 学生姓名=name 性别=sex 民族=ethnicity 身份证号=id_number 学籍号=student_no"
    " 学籍所在学校=school 年级=grade 残疾类型=disability 残疾程度=disability 送教教师 送教次数",
    "易地搬迁安置点": "姓名=name 性别=sex 身份证号码=id_number 安置点名称"
    " 是否易地扶贫搬迁户=category:resettled 就读学校=school 年级（班级）=grade 户主",
    "民族班": "学生名字=name 族别=ethnicity 性别=sex 出生日期=birth_date 公民身份证号码=id_number"
    " 校名=school 班次=class 籍贯",
    "特殊群体台账": "序号 学校=school 班级=class 姓名=name 性别=sex 身份证号=id_number"
    " 特殊群体类别=category_list 是否事实无人抚养儿童=category:de_facto_unsupported"
    " 是否享受低保=category:subsistence_allowance 帮扶教师 帮扶措施",
    "平台下载简表": "学生姓名=name 证件类型=id_type"
    " 证件号码=id_number 学段=stage 学校代码=school_code"
    " 学校名称=school 年级=grade 班号=class 国籍/地区 户口性质 是否户口=registered 是否随班就读",
}


def variant(text):
    """The heads in order, and the code of the field that each one means."""
    pairs = [word.partition("=") for word in text.split()]
    heads = [head.replace("_", " ").replace("|", "\n") for head, _, _ in pairs]
    return heads, [code for _, _, code in pairs]
